"""Boltzmann's law in a measured slice of the loss."""

import math

import numpy as np
import pytest

from example_descents import Floats, spread
from gradnoise.langevin.estimation.boltzmann import boltzmann_density, compare_boltzmann


def quartic(points: int = 2001) -> tuple[Floats, Floats]:
    x = np.linspace(-4, 4, points)
    return x, x**2 / 2 + x**4 / 4


@pytest.mark.parametrize(
    ("temperature", "variance", "kurtosis"), [(0.5, 0.289602, 2.508630), (0.25, 0.172565, 2.600366)]
)
def test_density_in_a_quartic_has_its_known_moments(
    temperature: float, variance: float, kurtosis: float
) -> None:
    x, loss = quartic()
    density = boltzmann_density(x, loss, temperature)
    moments = [np.trapezoid(density * x**power, x) for power in (1, 2, 4)]
    assert moments[0] == pytest.approx(0, abs=1e-12)
    assert moments[1] == pytest.approx(variance, rel=1e-4)
    assert moments[2] / moments[1] ** 2 == pytest.approx(kurtosis, rel=1e-4)


def quartic_samples(replicas: int, count: int, temperature: float) -> Floats:
    x, loss = quartic(20_001)
    cumulative = np.cumsum(np.exp(-loss / temperature))
    draws = np.random.default_rng(0).random((replicas, count))
    return np.interp(draws, cumulative / cumulative[-1], x)


def test_temperature_of_the_quartic_is_covered_and_the_gaussian_rejected() -> None:
    found = [
        compare_boltzmann(*quartic(161), x, effective_size=2000)
        for x in quartic_samples(200, 2000, 0.5)
    ]
    temperature = np.array([one.temperature for one in found])
    error = np.array([one.temperature_error for one in found])
    assert spread(temperature, error, 0.5) == pytest.approx(1, abs=0.2)
    ratios = np.array([one.log_likelihood_ratio for one in found])
    errors = np.array([one.log_likelihood_ratio_error for one in found])
    assert ratios.mean() > 10
    assert ratios.std() == pytest.approx(errors.mean(), rel=0.25)
    assert found[0].bic_difference == pytest.approx(2 * ratios[0] + math.log(2000))


def test_a_quadratic_slice_is_the_gaussian_itself() -> None:
    x = np.linspace(-4, 4, 81)
    samples = 0.5 * np.random.default_rng(0).standard_normal((4, 500))
    found = compare_boltzmann(x, x**2, samples)
    assert abs(found.log_likelihood_ratio) < 3
    assert found.temperature == pytest.approx(0.5, abs=4 * found.temperature_error)
    assert 1000 < found.effective_sample_size < 4000


def test_density_is_normalised_and_slices_are_checked() -> None:
    x, loss = quartic()
    assert np.trapezoid(boltzmann_density(x, loss + 7, 0.5), x) == pytest.approx(1, abs=1e-5)
    with pytest.raises(ValueError, match="1 of 3 lie outside"):
        compare_boltzmann(x, loss, [0.0, 1.0, 5.0], effective_size=3)
    with pytest.raises(ValueError, match="ascending"):
        boltzmann_density(x[::-1], loss, 0.5)
    with pytest.raises(ValueError, match="temperature"):
        boltzmann_density(x, loss, 0.0)
    hill = compare_boltzmann(x, loss, [-3.9, 0.1, 3.9], effective_size=3)
    assert hill.temperature == math.inf

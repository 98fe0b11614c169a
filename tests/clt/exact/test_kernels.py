"""Loops over values and frequencies, against NumPy's own."""

import numpy as np
import pytest

from gradnoise.clt.exact.kernels import integrate, power, share, wrap


@pytest.fixture
def law() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(3)
    return np.sort(random.gamma(0.7, size=57)), random.dirichlet(np.ones(57))


def test_shared_values_keep_mean_and_variance_and_those_on_the_lattice_stay(law) -> None:
    values, weights = law
    spacing, offset, first = 0.3, values[20], -9
    mass = np.zeros(40)
    share(values, weights, offset, spacing, first, mass)
    places = offset + spacing * (first + np.arange(40))
    for power_ in (0, 1, 2):
        assert mass @ places**power_ == pytest.approx(weights @ values**power_, rel=1e-12)
    alone = np.zeros(40)
    share(values[20:21], weights[20:21], offset, spacing, first, alone)
    assert alone.argmax() == -first
    assert alone[-first] == weights[20]
    assert np.count_nonzero(alone) == 1


def test_masses_around_a_circle_have_the_frequencies_of_the_line(law) -> None:
    values, weights = law
    circle, spacing, offset = np.zeros(64), 0.02, values[31]
    wrap(values, weights, offset, spacing, circle)
    index = np.round((values - offset) / spacing)
    assert index.min() < 0
    assert index.max() > 64
    waves = np.exp(-2j * np.pi * np.outer(np.arange(33), index) / 64)
    np.testing.assert_allclose(np.fft.rfft(circle), waves @ weights, atol=1e-13)


@pytest.mark.parametrize("exponent", [1, 2, 3, 64, 77])
def test_powers_by_squaring_are_powers(exponent: int) -> None:
    spectrum = np.exp(1j * np.arange(700.0)) * np.linspace(0.9, 1, 700)
    found = spectrum.copy()
    power(found, exponent)
    np.testing.assert_allclose(found, spectrum**exponent, rtol=1e-12)


@pytest.mark.parametrize("atom", [0.0, 0.7])
def test_the_integral_from_a_frequency_on_is_that_of_two_or_more_other_draws(atom: float) -> None:
    random = np.random.default_rng(1)
    others = (1 - atom) * np.exp(2j * np.pi * random.random(40)) * random.random(40)
    damping = np.linspace(1, 0.8, 40)
    above = np.full(41, np.nan)
    integrate(atom + others * damping, atom, 5, damping, above)
    rest = np.abs((atom + others) ** 5 - atom**5 - 5 * atom**4 * others)
    assert above[40] == 0
    for first in (1, 17, 39):
        expected = np.sum(rest[first:] / (np.pi * np.arange(first, 40)))
        assert above[first] == pytest.approx(expected, rel=1e-9)

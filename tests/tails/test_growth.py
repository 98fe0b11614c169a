from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import kurtosis

from gradnoise.draws.streams import Stream, generator
from gradnoise.tails.growth import growth, verdict

N = 10_000
Population = Callable[[np.random.Generator, tuple[int, int]], np.ndarray]
# Exponents of kurtosis by simulation; in the limit of many samples 1 for t(1.5), 1/3 for t(3) and 0 below.
POPULATIONS: dict[str, tuple[Population, float, float, str]] = {
    "t(1.5)": (lambda random, shape: random.standard_t(1.5, shape), 0.96, 0.08, "infinite"),
    "t(3)": (lambda random, shape: random.standard_t(3, shape), 0.35, 0.05, "infinite"),
    "t(5)": (lambda random, shape: random.standard_t(5, shape), 0.08, 0.02, "finite"),
    "exponential": (lambda random, shape: random.exponential(1, shape), 0.04, 0.015, "finite"),
    "product": (
        lambda random, shape: random.standard_normal(shape) * random.standard_normal(shape),
        0.03,
        0.015,
        "finite",
    ),
    "gaussian": (lambda random, shape: random.standard_normal(shape), 0.0, 0.01, "finite"),
}


@pytest.mark.parametrize("name", POPULATIONS)
def test_known_populations_are_called_right(name: str) -> None:
    population, expected, tolerance, called = POPULATIONS[name]
    found = growth(population(np.random.default_rng(1), (N, 150)), seed=0)
    assert found.kurtosis_exponent == pytest.approx(expected, abs=tolerance)
    assert verdict(found.kurtosis_exponent, found.kurtosis_error) == called
    assert found.coordinates == 150
    # rho diverges where the third moment does: half as fast as kurtosis for t(1.5).
    rho = {"t(1.5)": 0.47, "t(3)": 0.105}.get(name, 0.01)
    assert found.rho_exponent == pytest.approx(rho, abs=0.03)


def test_subsets_are_nested_and_described_by_their_moments() -> None:
    gradients = np.random.default_rng(2).standard_gamma(2.0, (1000, 3)) * [1e-12, 1.0, 1e12] + [
        0,
        5,
        0,
    ]
    found = growth(gradients, seed=4)
    shuffled = gradients[generator(4, Stream.GROWTH, 1000).permutation(1000)]
    assert found.samples.tolist() == [62, 125, 250, 500, 1000]
    for level, size in enumerate(found.samples):
        part = shuffled[:size]
        np.testing.assert_allclose(found.kurtosis[level], kurtosis(part, fisher=False), rtol=1e-9)
        deviations = np.abs(part - part.mean(axis=0))
        expected = (deviations**3).mean(axis=0) / part.std(axis=0) ** 3
        np.testing.assert_allclose(found.rho[level], expected, rtol=1e-9)
    assert np.all(found.rho >= 1)
    assert np.all(found.rho <= np.sqrt(found.kurtosis))


def test_error_covers_the_scatter_over_populations() -> None:
    exponents, errors = [], []
    for seed in range(12):
        # Coordinates share their heavy-tailed factor, as those of a layer share their samples.
        random = np.random.default_rng(seed)
        gradients = random.standard_normal((2000, 20)) * random.standard_t(4, (2000, 1))
        found = growth(gradients, seed=seed)
        exponents.append(found.kurtosis_exponent)
        errors.append(found.kurtosis_error)
    assert 0.4 < np.mean(errors) / np.std(exponents, ddof=1) < 2.5


def test_constant_coordinates_are_left_out() -> None:
    gradients = np.random.default_rng(3).standard_normal((640, 5)).astype(np.float32)
    gradients[:, 1] = 0.0
    gradients[:, 2] = 0.3
    gradients[1:, 3] = 0.0
    found = growth(gradients, seed=0)
    assert found.coordinates == 2
    assert np.isnan(found.kurtosis[:, 1:3]).all()
    only = growth(gradients[:, [0, 4]], seed=0)
    assert found.kurtosis_exponent == only.kurtosis_exponent
    dead = growth(np.zeros((640, 2)), seed=0)
    assert dead.coordinates == 0
    assert np.isnan([dead.kurtosis_exponent, dead.kurtosis_error]).all()
    assert verdict(dead.kurtosis_exponent, dead.kurtosis_error) == "undecided"


def test_too_few_samples() -> None:
    with pytest.raises(ValueError, match="found 63 samples; at least 64"):
        growth(np.zeros((63, 2)), seed=0)


def test_sparse_coordinates_stand_apart() -> None:
    random = np.random.default_rng(5)
    dense = random.standard_normal((6000, 20))
    sparse = random.standard_normal((6000, 60)) * (random.random((6000, 60)) < 0.01)
    found = growth(np.concatenate([dense, sparse], axis=1), seed=0)
    assert found.dense_coordinates == 20
    assert found.dense_kurtosis_exponent == pytest.approx(0, abs=0.03)
    assert found.kurtosis_exponent > found.dense_kurtosis_exponent + 0.05
    assert found.dense_kurtosis_error < 0.03
    assert np.isnan(growth(sparse, seed=0).dense_kurtosis_exponent)

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pytest
from scipy import stats
from scipy.stats import kurtosis

from gradnoise.draws.streams import Stream, generator
from gradnoise.tails.growth import GROUPS, fourth_verdict, growth, subsets, variance_verdict

N = 10_000
Population = Callable[[np.random.Generator, tuple[int, int]], np.ndarray]


class Known(NamedTuple):
    """Exponents of kurtosis and variance over 100 to 10,000 samples, by a simulation of its own, and what is called."""

    draw: Population
    kurtosis: float
    tolerance: float
    variance: float
    called: tuple[str, str]  # variance, fourth moment


POPULATIONS = {
    "t(1.5)": Known(lambda r, shape: r.standard_t(1.5, shape), 0.94, 0.04, 0.38, ("infinite",) * 2),
    "t(2)": Known(
        lambda r, shape: r.standard_t(2, shape), 0.72, 0.05, 0.13, ("undecided", "infinite")
    ),
    "t(2.5)": Known(
        lambda r, shape: r.standard_t(2.5, shape), 0.53, 0.04, 0.066, ("finite", "infinite")
    ),
    "t(3)": Known(
        lambda r, shape: r.standard_t(3, shape), 0.345, 0.04, 0.032, ("finite", "infinite")
    ),
    "t(4)": Known(
        lambda r, shape: r.standard_t(4, shape), 0.173, 0.025, 0.014, ("finite", "undecided")
    ),
    "t(5)": Known(
        lambda r, shape: r.standard_t(5, shape), 0.098, 0.015, 0.006, ("finite", "finite")
    ),
    "exponential": Known(
        lambda r, shape: r.exponential(1, shape), 0.072, 0.012, 0.01, ("finite",) * 2
    ),
    "product": Known(
        lambda r, shape: r.standard_normal(shape) * r.standard_normal(shape),
        *(0.063, 0.012, 0.013, ("finite",) * 2),
    ),
    "gaussian": Known(lambda r, shape: r.standard_normal(shape), 0.01, 0.01, 0.0, ("finite",) * 2),
}


@pytest.mark.parametrize("name", POPULATIONS)
def test_known_populations_are_called_right(name: str) -> None:
    known = POPULATIONS[name]
    # Scales of their own, as coordinates of a layer have.
    scales = np.exp(2 * np.random.default_rng(7).standard_normal(200))
    found = growth(scales * known.draw(np.random.default_rng(1), (N, 200)), seed=0)
    assert found.kurtosis_exponent == pytest.approx(known.kurtosis, abs=known.tolerance)
    assert found.variance_exponent == pytest.approx(known.variance, abs=0.025)
    measured = found.kurtosis_exponent, found.kurtosis_error
    if name != "t(5)":  # .10 is too near to .12 for one draw of it
        assert (variance_verdict(*measured), fourth_verdict(*measured)) == known.called
    assert found.coordinates == 200
    # rho diverges where the third moment does.
    rho = {"t(1.5)": 0.46, "t(2)": 0.31, "t(2.5)": 0.19, "t(3)": 0.11, "t(4)": 0.05}.get(name, 0.02)
    assert found.rho_exponent == pytest.approx(rho, abs=0.03)


@pytest.mark.parametrize(
    ("verdict", "finite", "infinite"), [(variance_verdict, 0.6, 0.85), (fourth_verdict, 0.12, 0.25)]
)
def test_thresholds_are_for_the_ends_of_the_interval(
    verdict: Callable[[float, float], str], finite: float, infinite: float
) -> None:
    error = 0.01
    half = stats.t.ppf(0.975, GROUPS - 1) * error
    assert verdict(finite - half - 1e-6, error) == "finite"
    assert verdict(finite - half + 1e-6, error) == "undecided"
    assert verdict(infinite + half + 1e-6, error) == "infinite"
    assert verdict(infinite + half - 1e-6, error) == "undecided"
    assert verdict(np.nan, np.nan) == "undecided"


def test_sizes_are_the_same_whatever_the_number_of_samples() -> None:
    assert subsets(10_000).tolist() == [100, 32, 10, 3, 1]
    assert subsets(50_000).tolist() == [500, 158, 50, 16, 5]
    assert subsets(2_500).tolist() == [25, 8, 2, 1]
    assert subsets(400).tolist() == [4, 1]
    population = np.random.default_rng(3)
    many = growth(population.standard_t(3, (40_000, 40)), seed=0)
    assert many.samples.tolist() == [100, 314, 1000, 3076, 10_000]
    assert many.kurtosis_exponent == pytest.approx(0.345, abs=0.03)


def test_subsets_are_nested_and_described_by_their_moments() -> None:
    gradients = np.random.default_rng(2).standard_gamma(2.0, (1000, 3)) * [1e-12, 1.0, 1e12] + [
        0,
        5,
        0,
    ]
    found = growth(gradients, seed=4)
    shuffled = gradients[generator(4, Stream.GROWTH, 1000).permutation(1000)]
    assert found.samples.tolist() == [100, 333, 1000]
    for level, size in enumerate(found.samples):
        part = shuffled[:size]
        np.testing.assert_allclose(found.kurtosis[level], kurtosis(part, fisher=False), rtol=1e-9)
        deviations = np.abs(part - part.mean(axis=0))
        expected = (deviations**3).mean(axis=0) / part.std(axis=0) ** 3
        np.testing.assert_allclose(found.rho[level], expected, rtol=1e-9)
    assert np.all(found.rho >= 1)
    assert np.all(found.rho <= np.sqrt(found.kurtosis))


def by_definition(columns: np.ndarray) -> np.ndarray:
    """Slopes of the median log kurtosis, rho and variance of (C, N), by SciPy and NumPy, for three sizes."""
    columns = columns / np.abs(columns).max(axis=1, keepdims=True)
    count = columns.shape[1]
    parts, medians = [7, 2, 1], []
    for cut in parts:
        edges = [part * count // cut for part in range(cut + 1)]
        pieces = [columns[:, low:high] for low, high in pairwise(edges)]
        logs = [
            [kurtosis(piece, axis=1, fisher=False) for piece in pieces],
            [stats.moment(np.abs(p.T - p.mean(axis=1)).T ** 3, 1, axis=1, center=0)
             / p.std(axis=1) ** 3 for p in pieces],
            [piece.var(axis=1) for piece in pieces],
        ]  # fmt: skip
        medians.append(np.median(np.log(logs), axis=(1, 2)))
    return np.polyfit(-np.log(parts), np.array(medians), 1)[0]


def test_exponents_and_their_errors_are_those_of_the_definition() -> None:
    """700 samples in 7, 2 and 1 parts; errors from leaving out every sixteenth of the shuffled samples in turn."""
    gradients = np.random.default_rng(6).standard_gamma(0.7, (700, 9)) + 0.3
    found = growth(gradients, seed=2)
    assert found.samples.tolist() == [100, 350, 700]
    shuffled = gradients[generator(2, Stream.GROWTH, 700).permutation(700)].T
    exponents = by_definition(shuffled)
    group = np.arange(700) % 16
    without = np.array([by_definition(shuffled[:, group != one]) for one in range(16)])
    errors = np.sqrt(15 / 16 * ((without - without.mean(axis=0)) ** 2).sum(axis=0))
    for place, name in enumerate(("kurtosis", "rho", "variance")):
        assert getattr(found, f"{name}_exponent") == pytest.approx(exponents[place], rel=1e-9)
        assert getattr(found, f"{name}_error") == pytest.approx(errors[place], rel=1e-9)


def test_scales_of_the_coordinates_change_no_exponent() -> None:
    random = np.random.default_rng(4)
    values = random.standard_t(3, (2000, 30))
    scaled = growth(values * np.exp(4 * random.standard_normal(30)), seed=1)
    found = growth(values, seed=1)
    for name in ("kurtosis", "rho", "variance", "dense_kurtosis"):
        for number in (f"{name}_exponent", f"{name}_error"):
            assert getattr(scaled, number) == pytest.approx(getattr(found, number), abs=1e-9)


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
    assert fourth_verdict(dead.kurtosis_exponent, dead.kurtosis_error) == "undecided"


def test_too_few_samples() -> None:
    with pytest.raises(ValueError, match="found 399 samples; at least 400"):
        growth(np.zeros((399, 2)), seed=0)


def test_sparse_coordinates_stand_apart() -> None:
    random = np.random.default_rng(5)
    dense = random.standard_normal((6000, 20))
    sparse = random.standard_normal((6000, 60)) * (random.random((6000, 60)) < 0.01)
    found = growth(np.concatenate([dense, sparse], axis=1), seed=0)
    assert found.dense_coordinates == 20
    assert found.dense_kurtosis_exponent == pytest.approx(0, abs=0.03)
    assert found.kurtosis_exponent > found.dense_kurtosis_exponent + 0.05
    assert found.dense_kurtosis_error < 0.03
    # One sample in a hundred: a third of the subsets of 100 have none, and every coordinate counts all the same.
    assert found.coordinates == 80
    assert np.isnan(growth(sparse, seed=0).dense_kurtosis_exponent)

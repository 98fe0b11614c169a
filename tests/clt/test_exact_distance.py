"""Exact distances of mini-batch means to the Gaussian, against known laws."""

import numpy as np
import pytest
from scipy import stats

from gradnoise.clt.exact_distance import exact_ks

QUANTILES = (np.arange(20_000) + 0.5) / 20_000


def binomial_distance(p: float, batch_size: int) -> float:
    counts = np.arange(batch_size + 1)
    below = stats.binom(batch_size, p).cdf(counts)
    deviation = np.sqrt(batch_size * p * (1 - p))
    normal = stats.norm.cdf((counts - batch_size * p) / deviation)
    return max(np.abs(below - normal).max(), np.abs(np.r_[0, below[:-1]] - normal).max())


@pytest.mark.parametrize("batch_size", [16, 64, 256, 1024])
def test_exponential_values_have_the_distance_of_the_gamma_law(batch_size: int) -> None:
    # A list of quantiles lacks the law's far tail, and with it a little of its skewness.
    grid = np.linspace(-8, 8, 100_001)
    law = stats.gamma(batch_size).cdf(batch_size + grid * np.sqrt(batch_size))
    expected = np.abs(law - stats.norm.cdf(grid)).max()
    assert exact_ks(-np.log1p(-QUANTILES), batch_size) == pytest.approx(expected, rel=5e-3)


@pytest.mark.parametrize("p", [0.5, 0.4189, 0.01])
@pytest.mark.parametrize("batch_size", [1, 16, 64, 1024])
def test_two_values_have_the_binomial_distance_to_rounding(p: float, batch_size: int) -> None:
    values = np.zeros(10_000)
    values[: round(p * 10_000)] = 1
    assert exact_ks(values, batch_size) == pytest.approx(binomial_distance(p, batch_size), abs=1e-9)


def test_the_worst_case_of_the_theorem_is_attained() -> None:
    p = 0.4189
    values = np.zeros(10_000)
    values[: round(p * 10_000)] = 1
    rho = (p**2 + (1 - p) ** 2) / np.sqrt(p * (1 - p))
    assert exact_ks(values, 1024) * 32 / rho == pytest.approx(0.4096, abs=2e-4)


def test_whole_numbers_agree_with_direct_convolution() -> None:
    values = np.array([0, 0, 1, 4, 4, 9])
    law, single = np.ones(1), np.bincount(values) / len(values)
    for _ in range(20):
        law = np.convolve(law, single)
    points = (np.arange(law.size) - 20 * values.mean()) / (values.std() * np.sqrt(20))
    normal, upper = stats.norm.cdf(points), np.cumsum(law)
    expected = max(np.abs(upper - normal).max(), np.abs(upper - law - normal).max())
    assert exact_ks(values, 20) == pytest.approx(expected, abs=1e-9)


def test_mostly_equal_values_keep_the_jump_of_silent_batches() -> None:
    random = np.random.default_rng(0)
    values = np.zeros(10_000)
    values[:500] = random.standard_normal(500)
    drawn = values[random.integers(0, 10_000, (100_000, 16))].sum(axis=1)
    standard = (drawn - 16 * values.mean()) / (values.std() * 4)
    distinct, counts = np.unique(standard, return_counts=True)
    upper, normal = np.cumsum(counts) / 100_000, stats.norm.cdf(distinct)
    jumps = counts / 100_000
    expected = max(np.abs(upper - normal).max(), np.abs(upper - jumps - normal).max())
    assert exact_ks(values, 16) == pytest.approx(expected, abs=0.005)


@pytest.mark.parametrize("factor", [1e-30, 1e30])
def test_neither_scale_nor_location_matters(factor: float) -> None:
    values = np.random.default_rng(1).gamma(1.0, size=2000)
    expected = exact_ks(values, 64)
    assert exact_ks(factor * values, 64) == pytest.approx(expected, rel=1e-6)
    assert exact_ks(values + 1e4, 64) == pytest.approx(expected, rel=1e-4)


def test_constant_values_have_no_distance_and_bad_input_is_named() -> None:
    assert np.isnan(exact_ks([2.0, 2.0, 2.0], 8))
    with pytest.raises(ValueError, match="batch_size: found 0"):
        exact_ks([1.0, 2.0], 0)
    with pytest.raises(ValueError, match="not finite"):
        exact_ks([1.0, np.nan], 4)

"""The batch size at which exact distances are small."""

import numpy as np
import pytest
from scipy import stats

from gradnoise.clt.exact.distance import Law, exact_ks
from gradnoise.clt.gaussian_batch_size import LARGEST, crossing, gaussian_batch_size


def test_the_crossing_is_where_the_exact_distance_falls_below() -> None:
    values = np.random.default_rng(2).gamma(0.5, size=4000).astype(np.float32)
    found = crossing(Law(values), 0.01, 1024.0, exact_ks(values, 1024))
    assert exact_ks(values, round(0.94 * found)) > 0.01
    assert exact_ks(values, round(1.06 * found)) < 0.01


def test_a_distance_out_of_reach_is_censored() -> None:
    values = np.zeros(20_000, np.float32)
    values[0] = 1
    assert crossing(Law(values), 0.001, 64.0, exact_ks(values, 64)) == np.inf
    assert LARGEST == 65_536


@pytest.mark.parametrize("count", [1, 2, 20, 36, 60, 100])
def test_each_end_of_the_interval_fails_with_two_and_a_half_percent_at_most(count: int) -> None:
    random, draws = np.random.default_rng(3), 4000
    truth = stats.expon.ppf(0.9)
    found = [gaussian_batch_size(random.exponential(size=count), 0.9) for _ in range(draws)]
    above = np.mean([each.lower > truth for each in found if each.lower != 1.0] or [0.0])
    beneath = np.mean([each.upper < truth for each in found])
    most = 0.025 + 2.5 * np.sqrt(0.025 * 0.975 / draws)
    assert above <= most
    assert beneath <= most
    # And no wider than it has to be: the next order statistic inwards would fail too often.
    crossings = np.arange(2, count + 2)
    ends = gaussian_batch_size(crossings, 0.9)
    if ends.lower > 1:
        assert stats.binom.cdf(ends.lower - 2 + 1, count, 0.9) > 0.025
    if np.isfinite(ends.upper):
        assert stats.binom.cdf(ends.upper - 2 - 1, count, 0.9) < 0.975


def test_how_many_coordinates_an_interval_needs() -> None:
    assert gaussian_batch_size(np.arange(1, 37), 0.9).upper == 36
    assert gaussian_batch_size(np.arange(1, 36), 0.9).upper == np.inf
    assert gaussian_batch_size([40.0], 0.9)[:2] == (40.0, 1.0)
    assert gaussian_batch_size([40.0, 50.0], 0.9).lower == 40.0
    assert gaussian_batch_size([40.0], 0.99).lower == 40.0


def test_the_batch_size_of_a_layer_is_the_quantile() -> None:
    assert gaussian_batch_size(np.arange(1, 101), 0.9).value == 90
    assert gaussian_batch_size(np.arange(1, 11), 0.7).value == 7
    assert gaussian_batch_size(np.arange(1, 12), 0.7).value == 8
    assert np.isnan(gaussian_batch_size([], 0.9).value)
    censored = gaussian_batch_size([*range(1, 90), *[np.inf] * 11], 0.9)
    assert (censored.value, censored.upper) == (np.inf, np.inf)
    assert censored.lower == stats.binom.ppf(0.025, 100, 0.9)

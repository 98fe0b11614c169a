"""The batch size at which exact distances are small."""

import numpy as np
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


def test_the_batch_size_of_a_layer_is_a_quantile_with_an_interval_that_covers() -> None:
    random, covered = np.random.default_rng(3), 0
    truth = stats.expon.ppf(0.9)
    for _ in range(400):
        found = gaussian_batch_size(random.exponential(size=60), 0.9)
        covered += found.lower <= truth <= found.upper
    assert 0.93 <= covered / 400 <= 1.0
    assert gaussian_batch_size(np.arange(1, 101), 0.9).value == 90
    assert np.isnan(gaussian_batch_size([], 0.9).value)

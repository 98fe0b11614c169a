"""Intervals over the right unit."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from gradnoise.tables.intervals import estimate, interval, repeat_deviation


def values(numbers: list[list[float]]) -> pd.DataFrame:
    """One column "x" from a list of repeats per seed."""
    keys = [(seed, r) for seed, repeats in enumerate(numbers) for r in range(len(repeats))]
    index = pd.MultiIndex.from_tuples(keys, names=["seed", "repeat"])
    return pd.DataFrame({"x": [v for repeats in numbers for v in repeats]}, index=index)


def test_one_network_has_students_interval_over_its_repeats():
    repeats = [81.0, 79.5, 80.2, 82.4, 80.9]
    lower, upper = interval(estimate(values([repeats])))
    expected = stats.t.interval(0.95, 4, np.mean(repeats), stats.sem(repeats))
    assert (lower["x"], upper["x"]) == pytest.approx(expected, rel=1e-12)


def test_three_seeds_have_an_interval_over_seed_means_whatever_the_repeats():
    seeds = [[80.0, 82.0], [70.0, 72.0], [90.0, 86.0]]
    found = estimate(values(seeds))
    lower, upper = interval(found)
    expected = stats.t.interval(0.95, 2, np.mean([81, 71, 88]), stats.sem([81, 71, 88]))
    assert (lower["x"], upper["x"]) == pytest.approx(expected, rel=1e-12)
    assert found.loc["x", "degrees"] == 2


def test_two_seeds_do_not_stand_for_the_architecture():
    found = estimate(values([[80.0, 82.0], [10.0, 12.0]]))
    # The seeds are 70 points apart, but the interval is over repeats: sqrt(2/2 + 2/2) / 2.
    assert found.loc["x"].to_list() == pytest.approx([46.0, np.sqrt(2) / 2, 2.0])


def test_nothing_repeated_has_no_interval():
    lower, upper = interval(estimate(values([[80.0]])))
    assert np.isnan(lower["x"])
    assert np.isnan(upper["x"])


def test_the_deviation_over_repeats_is_pooled_over_seeds():
    seeds = [[1.0, 2.0, 3.0], [11.0, 12.0, 13.0]]
    pooled = repeat_deviation(values(seeds))
    assert pooled.loc["x"].to_list() == [1.0, 4.0]


def test_intervals_cover_at_their_level():
    random = np.random.default_rng(0)
    columns = 4000
    draws = pd.DataFrame(random.standard_normal((15, columns)))
    draws.index = pd.MultiIndex.from_product([range(3), range(5)], names=["seed", "repeat"])
    lower, upper = interval(estimate(draws))
    assert np.mean((lower < 0) & (upper > 0)) == pytest.approx(0.95, abs=0.015)


def test_what_varies_may_be_chosen():
    seeds = [[80.0, 82.0], [70.0, 72.0], [90.0, 86.0]]
    found = estimate(values(seeds), "repeat")
    # Variances 2, 2 and 8 of two repeats each: sqrt(1 + 1 + 4) / 3.
    assert found.loc["x"].to_list() == pytest.approx([80.0, np.sqrt(6) / 3, 3.0])
    two = estimate(values([[80.0, 82.0], [70.0, 72.0]]), "seed")
    assert two.loc["x"].to_list() == pytest.approx([76.0, 5.0, 1.0])

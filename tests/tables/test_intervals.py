"""Intervals over the right unit."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from gradnoise.tables.intervals import (
    difference,
    estimate,
    interval,
    repeat_deviation,
    summarise,
    weighted_mean,
)


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


def test_welchs_interval_is_scipys():
    samples = np.array([3.1, 4.0, 2.7, 3.9, 3.3]), np.array([1.2, 2.9, 0.3])
    estimates = [
        pd.DataFrame(
            {"value": [one.mean()], "standard_error": stats.sem(one), "degrees": len(one) - 1}
        )
        for one in samples
    ]
    found = difference(*estimates)
    lower, upper = interval(found)
    expected = stats.ttest_ind(*samples, equal_var=False).confidence_interval(0.95)
    assert (lower[0], upper[0]) == pytest.approx((expected.low, expected.high))


def test_an_interval_has_its_level():
    repeats = [81.0, 79.5, 80.2, 82.4]
    lower, upper = interval(estimate(values([repeats])), level=0.8)
    expected = stats.t.interval(0.8, 3, np.mean(repeats), stats.sem(repeats))
    assert (lower["x"], upper["x"]) == pytest.approx(expected)


def test_a_seed_without_a_second_repeat_leaves_no_error():
    # Its own repeats say nothing of it: it is not without error.
    found = estimate(values([[80.0, 82.0, 81.0], [10.0]]), "repeat")
    assert np.isnan(found.loc["x", "standard_error"])
    assert (found.loc["x", "value"], found.loc["x", "degrees"]) == (45.5, 2)
    deviation = repeat_deviation(values([[80.0, 82.0, 81.0], [10.0]]))
    assert deviation.loc["x"].to_list() == [1.0, 2.0]


def test_deviations_are_pooled_by_their_degrees():
    pooled = repeat_deviation(values([[1.0, 3.0], [10.0, 14.0, 12.0, 12.0]]))
    # Variances 2 and 8 / 3, of one and three degrees.
    assert pooled.loc["x"].to_list() == pytest.approx([np.sqrt((2 + 8) / 4), 4])


def test_what_does_not_exist_weighs_nothing():
    numbers, weights = np.array([2.0, np.nan, 8.0, 5.0]), np.array([1.0, 100.0, 3.0, 0.0])
    assert weighted_mean(numbers, weights) == (2 + 24) / 4
    assert np.isnan(weighted_mean(numbers, np.array([0.0, 5.0, 0.0, 0.0])))


def test_a_summary_has_a_row_for_each_cell_in_its_first_order():
    rows = pd.DataFrame(
        [
            {"seed": seed, "repeat": repeat, "size": size, "kind": "k", "x": x, "y": -2 * x}
            for size in (64, 8)
            for seed in (1, 2, 3)
            for repeat in (1, 2)
            for x in [size + seed**2 + repeat / 8]
        ]
    )
    found = summarise(rows, ["size", "kind"], ["x", "y"])
    assert found["size"].tolist() == [64, 8]
    for row in found.to_dict("records"):
        for name, factor in (("x", 1), ("y", -2)):
            seeds = [factor * (row["size"] + seed**2 + 3 / 16) for seed in (1, 2, 3)]
            expected = stats.t.interval(0.95, 2, np.mean(seeds), stats.sem(seeds))
            assert row[name] == pytest.approx(np.mean(seeds))
            assert (row[f"{name}_lower"], row[f"{name}_upper"]) == pytest.approx(expected)
        assert (row["unit"], row["n_seeds"], row["n_repeats"]) == ("seed", 3, 2)
    once = summarise(rows[rows["repeat"] == 1].drop(columns="repeat"), ["size"], ["x"])
    assert once["n_repeats"].tolist() == [1, 1]

"""A quantity against its range."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.weightstats import DescrStatsW

from gradnoise.claims.scheme.component import Component

NAN = float("nan")


def test_the_interval_is_students():
    part = Component("x", 3.0, 0.5, 7, least=1.0)
    assert part.interval == pytest.approx(stats.t.interval(0.95, 7, 3.0, 0.5))
    exact = Component("x", 3.0, 0.5, least=1.0)
    assert exact.interval == pytest.approx(stats.norm.interval(0.95, 3.0, 0.5))


def test_the_interval_keeps_within_what_is_possible():
    part = Component("x", 97.0, 3.0, 2, least=85.0, lowest=0.0, highest=100.0)
    assert part.interval[0] == pytest.approx(97 - 4.302653 * 3, rel=1e-6)
    assert part.interval[1] == 100.0


@pytest.mark.parametrize("value", [0.94, 1.02, 1.16])
def test_a_range_with_two_ends_is_two_one_sided_tests(value):
    samples = value + np.array([-0.031, 0.022, 0.047, -0.052, 0.014, 0.009])
    part = Component(
        "ratio", samples.mean(), stats.sem(samples), len(samples) - 1, least=0.9, most=1.1
    )
    pvalue, *_ = DescrStatsW(samples).ttost_mean(0.9, 1.1)
    assert part.inside == pytest.approx(pvalue)


def test_a_range_with_one_end_is_a_one_sided_test():
    samples = np.array([0.3, 0.9, -0.2, 0.6, 0.1])
    part = Component("rise", samples.mean(), stats.sem(samples), 4, least=0.05)
    assert part.inside == pytest.approx(
        stats.ttest_1samp(samples, 0.05, alternative="greater").pvalue
    )
    assert part.outside == pytest.approx(1 - part.inside)


@pytest.mark.parametrize(
    ("value", "inside"),
    # t(7) at 2.5 % is 2.3646: the interval is ± 0.23646.
    [(0.2364, False), (0.2365, True), (1.7635, True), (1.7636, False)],
)
def test_it_is_inside_exactly_where_its_interval_is(value, inside):
    part = Component("x", value, 0.1, 7, least=0.0, most=2.0)
    assert (part.inside <= 0.025) == inside
    assert (part.standardised[1] > 0) == inside


@pytest.mark.parametrize(
    ("value", "outside"), [(-0.2364, False), (-0.2365, True), (2.2364, False), (2.2365, True)]
)
def test_it_is_outside_exactly_where_its_interval_is(value, outside):
    part = Component("x", value, 0.1, 7, least=0.0, most=2.0)
    assert (part.outside <= 0.025) == outside
    assert (part.standardised[2] < 0) == outside


@pytest.mark.parametrize(("value", "outside"), [(0.25 + 0.1959, False), (0.25 + 0.1961, True)])
def test_contradiction_may_have_a_threshold_further_out(value, outside):
    part = Component("exponent", value, 0.1, most=0.12, refuted_above=0.25)
    assert part.inside > 0.025
    assert (part.outside <= 0.025) == outside
    below = Component("exponent", -value, 0.1, least=-0.12, refuted_below=-0.25)
    assert below.outside == pytest.approx(part.outside)


def test_a_number_without_error_lies_in_its_range_with_both_ends():
    one = Component("largest", 1.0, 0.0, most=1.0)
    assert (one.inside, one.outside) == (0.0, 1.0)
    above = Component("largest", 1.0 + 1e-9, 0.0, most=1.0)
    assert (above.inside, above.outside) == (1.0, 0.0)
    assert (Component("x", 2.0, 0.0, least=2.0).inside) == 0.0
    assert (Component("x", 1.9, 0.0, least=2.0).outside) == 0.0


def test_what_was_not_repeated_decides_nothing():
    for part in (Component("x", 5.0, NAN, least=0), Component("x", 5.0, 1.0, 0, least=0)):
        assert (part.inside, part.outside) == (1.0, 1.0)
        assert np.isnan(part.interval).all()
    assert Component("x", NAN, NAN, least=0).inside == 1.0


def test_bounds_and_pvalues_of_other_laws_are_taken_as_they_are():
    bounds = Component("sd", 1.2, NAN, most=2.0, bounds=(0.7, 1.9))
    assert (bounds.interval, bounds.inside, bounds.outside) == ((0.7, 1.9), 0.025, 1.0)
    beyond = Component("sd", 2.4, NAN, most=2.0, bounds=(2.1, 2.9))
    assert (beyond.inside, beyond.outside) == (1.0, 0.025)
    exact = Component("rank correlation", -0.8, NAN, most=0.0, pvalues=(0.01, 0.99))
    assert (exact.inside, exact.outside) == (0.01, 0.99)


def test_the_range_in_words():
    assert Component("x", 1, 1, most=3.5).threshold == "< 3.5"
    assert Component("x", 1, 1, least=-1).threshold == "> -1"
    both = Component("x", 1, 1, least=0.9, most=1.1)
    assert (both.threshold, both.complement) == ("between 0.9 and 1.1", "< 0.9 or > 1.1")
    assert Component("x", 1, 1, least=-1).complement == "< -1"
    assert Component("x", 1, 1, most=-1).complement == "> -1"


def test_standardised_counts_from_the_nearer_threshold_in_margins():
    one_end = Component("rise", 7.0, 1.0, least=1.0, margin=3.0)
    half = 1.959964
    assert one_end.standardised == pytest.approx((2.0, (6 - half) / 3, (6 + half) / 3))
    two_ends = Component("ratio", 1.07, 0.01, least=0.9, most=1.1)
    low, high = (0.3 - 0.1 * half, 0.3 + 0.1 * half)
    assert two_ends.standardised == pytest.approx((0.3, low, high))


def test_the_standardised_interval_over_the_middle_of_a_range_reaches_one():
    wide = Component("ratio", 1.05, 0.1, least=0.9, most=1.1)
    value, low, high = wide.standardised
    # 1.05 - 0.196 and 1.05 + 0.196 lie 0.046 and 0.146 beyond the ends.
    assert (value, low, high) == pytest.approx((0.5, -1.459964, 1.0), rel=1e-5)

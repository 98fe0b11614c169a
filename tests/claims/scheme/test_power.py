"""What would decide an open claim."""

import pytest
from scipy import stats

from gradnoise.claims.scheme.component import Component
from gradnoise.claims.scheme.decision import every, some
from gradnoise.claims.scheme.power import Noise, needed, what_would_decide

SEEDS = Noise("training seeds", 3, "training.seeds")


def test_the_number_is_that_at_which_students_interval_leaves_the_threshold():
    part = Component("rise", 5.0, 2.5, 2, least=0.0)
    error = 2.5 * 3**0.5  # of one seed
    widths = {n: stats.t.ppf(0.975, n - 1) * error / n**0.5 for n in range(3, 20)}
    expected = min(n for n, width in widths.items() if width < 5)
    assert expected == 6
    assert needed([part], every, SEEDS) == expected
    assert what_would_decide([part], every, SEEDS) == "about 3 more training seeds"


def test_a_single_one_more_is_said_in_the_singular():
    part = Component("rise", 5.0, 2.0, 4, least=0.0)
    repeats = Noise("repeats of the draws", 4, "noise.repeats")
    assert what_would_decide([part], every, repeats) == "about 1 more repeat of the draws"


def test_moderated_variances_keep_their_degrees():
    part = Component("rise", 5.0, 2.5, 2 + 6, least=0.0)
    error = 2.5 * 3**0.5
    widths = {n: stats.t.ppf(0.975, n - 1 + 6) * error / n**0.5 for n in range(3, 20)}
    assert needed([part], every, SEEDS) == min(n for n, width in widths.items() if width < 5)


def test_the_slowest_component_decides_every_and_the_first_decides_some():
    slow = Component("slow", 1.0, 2.0, 30, least=0.0)
    fast = Component("fast", 3.0, 2.0, 30, least=0.0)
    steps = Noise("steps", 1000, "trajectory.steps", independent=False)
    assert needed([slow, fast], every, steps) == needed([slow], every, steps)
    assert needed([slow], every, steps) > 8 * needed([fast], every, steps)
    far = Component("far", 6.0, 2.0, 30, least=-3.0, most=3.0)
    near = Component("near", 3.5, 2.0, 30, least=-3.0, most=3.0)
    assert needed([far, near], some, steps) < needed([near], some, steps)


def test_dependent_steps_add_no_degrees_and_large_numbers_are_rounded():
    part = Component("ratio", 1.03, 0.06, 40, least=0.9, most=1.1)
    steps = Noise("steps", 6000, "trajectory.steps", independent=False)
    exact = 6000 * (stats.t.ppf(0.975, 40) * 0.06 / 0.07) ** 2
    total = needed([part], every, steps)
    assert total == int(exact) + 1
    assert what_would_decide([part], every, steps) == "about 12,000 more steps"


def test_an_estimate_at_its_threshold_is_never_decided():
    at = Component("rise", 0.0, 2.0, 2, least=0.0)
    assert needed([at], every, SEEDS) is None
    expected = "not even 1,000 times as many training seeds would: an estimate is too near to its threshold"
    assert what_would_decide([at], every, SEEDS) == expected


def test_an_estimate_between_two_thresholds_is_decided_by_no_number():
    between = Component("x", 0.2, float("nan"), most=0.1, refuted_above=0.3, bounds=(0.15, 0.25))
    beyond = Component("x", 0.31, float("nan"), most=0.1, refuted_above=0.3, bounds=(0.29, 0.33))
    steps = Noise("steps", 500, "trajectory.steps")
    said = what_would_decide([between], every, steps)
    assert said.endswith(
        "1,000 times as many steps would: an estimate lies between its two thresholds"
    )
    assert what_would_decide([beyond], every, steps) == "about 1,500 more steps"


def test_exact_bounds_shrink_too():
    # 0.0096 is half a band of 20,000 replicas, 0.007 of them 0.0096**2 / 0.007**2 times as many.
    near = Component(
        "a", 0.002, 0.0, most=0.03, refuted_above=0.01, bounds=(0.0, 0.012), exact=True
    )
    far = Component(
        "b", 0.023, 0.0, most=0.03, refuted_above=0.05, bounds=(0.0134, 0.0326), exact=True
    )
    replicas = Noise("replicas", 20_000, "balance.replicas")
    total = needed([near, far], every, replicas)
    assert total == pytest.approx(20_000 * (96 / 70) ** 2, rel=1e-3)
    assert what_would_decide([near, far], every, replicas) == "about 18,000 more replicas"


def test_bounds_and_pvalues_shrink_as_errors_do():
    student = Component("x", 0.5, 0.4, least=0.0)
    inside = float(stats.norm.sf(0.5 / 0.4))
    exact = Component("x", 0.5, float("nan"), least=0.0, pvalues=(inside, 1 - inside))
    half = 1.959964 * 0.4
    bounds = Component("x", 0.5, float("nan"), least=0.0, bounds=(0.5 - half, 0.5 + half))
    repeats = Noise("repeats", 100, "noise.repeats")
    total = needed([student], every, repeats)
    assert total > 200
    assert needed([exact], every, repeats) == total
    assert needed([bounds], every, repeats) == pytest.approx(total, abs=1)

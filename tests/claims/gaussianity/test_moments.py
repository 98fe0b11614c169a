"""Claims on the noise's mean and the logits' gradient."""

from dataclasses import replace

import pytest
from scipy import stats

from example_claims import evidence, rising, row, verdict
from gradnoise.claims.evidence import Evidence

# Five layers of 300 live of 400 coordinates, 2 seeds, 3 repeats.
COUNT = 5 * 300 * 2 * 3


def with_means(largest: float, **changed: int) -> Evidence:
    """Standardised means of 2 but for one layer, seed and repeat, at the largest batch size."""
    run = evidence(rising, seeds=2, repeats=3, coordinates=400)
    rows = run.rows.assign(largest_standardised_mean=2.0, share_live=0.75)
    there = {"layer": "conv2", "seed": 1, "repeat": 2, "batch_size": 1024, "epoch": 5} | changed
    for name, value in there.items():
        rows = rows.assign(here=rows.get("here", True) & (rows[name] == value))
    rows.loc[rows["here"], "largest_standardised_mean"] = largest
    return replace(run, rows=rows)


def test_the_largest_mean_is_held_against_the_largest_by_chance():
    null = stats.t.ppf(1 - 0.025 / 2 / COUNT, 199)
    assert row("zero_mean", with_means(3.0))["most"] == pytest.approx(null)
    for largest, expected in ((null - 0.01, "supported"), (null + 0.01, "open")):
        found = row("zero_mean", with_means(largest))
        assert found["verdict"] == expected
        assert found["quantity"] == "conv2 at batch size 1024: largest standardised mean"


@pytest.mark.parametrize("elsewhere", [{"batch_size": 64}, {"epoch": 0}])
def test_the_mean_is_that_of_the_largest_batch_size_at_the_last_epoch(elsewhere):
    assert verdict("zero_mean", with_means(99.0, **elsewhere)) == "supported"


def test_results_without_means_test_nothing():
    assert row("zero_mean", evidence(rising))["reason"] == "needs standardised means"


@pytest.mark.parametrize(("largest", "expected"), [(1.0, "supported"), (1.001, "contradicted")])
def test_the_gradient_by_a_logit_is_at_most_one(largest, expected):
    run = evidence(rising)
    training = run.training.assign(seed=[1, 2], logit_gradient=[0.93, largest])
    found = row("logit_gradient_bounded", replace(run, training=training))
    assert found["verdict"] == expected
    assert found["quantity"] == "seed 2: largest gradient of a logit"


def test_other_losses_have_no_gradient_by_logits():
    found = row("logit_gradient_bounded", evidence(rising))
    assert found["reason"] == "needs the gradient of the logits (cross-entropy)"
    shared = replace(evidence(rising), shares_gradients=True)
    assert verdict("logit_gradient_bounded", evidence(rising), shared) == "not testable here"

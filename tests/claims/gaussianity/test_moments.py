"""Claims on the noise's mean and the logits' gradient."""

from dataclasses import replace

import pandas as pd
import pytest
from scipy import stats

from example_claims import BY_NAME, evidence, rising, row, verdict
from gradnoise.claims.decision import decide
from gradnoise.claims.evidence import Evidence
from gradnoise.claims.experiment import Experiment

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


def test_the_gradient_by_a_logit_is_that_of_every_seed_and_epoch():
    run = evidence(rising)
    rows = [(1, 0, 0.9), (1, 5, 0.8), (2, 0, 0.7), (2, 5, float("nan"))]
    training = pd.DataFrame(rows, columns=["seed", "epoch", "logit_gradient"])
    found = decide(BY_NAME["logit_gradient_bounded"], Experiment([replace(run, training=training)]))
    values = [(part["component"], part["value"]) for part in found.components]
    assert values == [
        ("seed 1: largest gradient of a logit", 0.9),
        ("seed 2: largest gradient of a logit", 0.7),
    ]
    assert [one["scope"] for one in found.claims] == ["these networks"]
    assert found.claims[0]["unit_of_noise"] == ""
    assert found.claims[0]["epochs"] == "0 5"


def test_a_run_that_shares_gradients_has_no_row_of_its_own():
    training = pd.DataFrame({"seed": [1], "epoch": [5], "logit_gradient": [0.9]})
    runs = [replace(evidence(rising, name=name), training=training) for name in ("a", "b")]
    runs[1] = replace(runs[1], shares_gradients=True)
    found = decide(BY_NAME["logit_gradient_bounded"], Experiment(runs)).claims
    assert [one["run"] for one in found] == ["a"]


def test_a_mean_below_zero_counts_as_one_above():
    null = stats.t.ppf(1 - 0.025 / 2 / COUNT, 199)
    assert verdict("zero_mean", with_means(-null - 0.01)) == "open"


def test_layers_without_live_coordinates_are_not_counted():
    run = with_means(3.0)
    dead = run.rows["layer"] == "linear1"
    rows = run.rows.assign(share_live=run.rows["share_live"].mask(dead, 0.0))
    rows.loc[dead, "largest_standardised_mean"] = float("nan")
    found = decide(BY_NAME["zero_mean"], Experiment([replace(run, rows=rows)]))
    assert not any(part["component"].startswith("linear1") for part in found.components)
    assert len(found.components) == 4
    null = stats.t.ppf(1 - 0.025 / 2 / (COUNT * 4 / 5), 199)
    assert found.claims[0]["most"] == pytest.approx(null)
    # More batches have more degrees of freedom.
    many = replace(run, rows=rows[rows["batches"] == 600])
    (other,) = decide(BY_NAME["zero_mean"], Experiment([many])).claims
    assert other["most"] == pytest.approx(stats.t.ppf(1 - 0.025 / 2 / (COUNT * 4 / 5), 599))
    nothing = replace(run, rows=rows.assign(largest_standardised_mean=float("nan")))
    assert row("zero_mean", nothing)["reason"] == "needs live coordinates"

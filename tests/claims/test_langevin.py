"""Claims on stationary laws: verdicts out of tables made for them."""

import pandas as pd
import pytest

from example_claims import BY_NAME, trajectory_tables
from gradnoise.claims.decision import decide
from gradnoise.claims.experiment import Experiment, recorded

RUNS = {"toy": {"model": {"name": "linear"}, "data": {"dataset": "toys"}}}
NOT_GIBBS, ISOTROPIC, EXACT = (
    "stationary_law_not_gibbs",
    "local_law_isotropic",
    "variance_exactly_predicted",
)


def row(claim: str, numbers=None, directions=None, variants=("plain",)):
    """The only row of a claim on trajectories with some numbers changed."""
    subspaces, rows = trajectory_tables(variants)
    subspaces, rows = subspaces.assign(**numbers or {}), rows.assign(**directions or {})
    (found,) = decide(BY_NAME[claim], Experiment([], recorded(subspaces, rows, RUNS))).claims
    return found


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ({}, "supported"),
        # Twice the exact entropy production.
        ({"entropy_production": 0.2, "entropy_production_error": 0.001}, "contradicted"),
        # None: no more than surrogates whose noise commutes.
        ({"entropy_production": 0.001}, "contradicted"),
        # A null that is not small: the trajectory is too short.
        ({"null_entropy_production": 0.02}, "open"),
    ],
)
def test_detailed_balance_is_broken_where_entropy_is_produced_as_predicted(numbers, expected):
    assert row(NOT_GIBBS, numbers)["verdict"] == expected


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ({}, "supported"),
        ({"variance_exponent": 0.5}, "contradicted"),
        ({"variance_exponent": 0.09}, "open"),
        ({"peak_distance": 2.0}, "contradicted"),
        ({"largest_step": 0.5}, "not testable here"),
    ],
)
def test_the_local_law_follows_the_exponents_of_the_noise(numbers, expected):
    assert row(ISOTROPIC, numbers)["verdict"] == expected


def test_it_is_said_beside_whether_noise_is_proportional_to_the_hessian():
    assert row(ISOTROPIC)["reason"].endswith(": isotropic")
    crooked = {"noise_exponent": 1.4, "variance_exponent": 0.4}
    assert row(ISOTROPIC, crooked)["verdict"] == "supported"
    assert "gamma = 1.40 ± 0.04: not proportional" in row(ISOTROPIC, crooked)["reason"]


def test_a_trajectory_of_large_steps_says_how_large():
    assert (
        "toy, plain: the claim is about small steps"
        in row(ISOTROPIC, {"largest_step": 0.5})["reason"]
    )
    assert "reaches 0.50" in row(ISOTROPIC, {"largest_step": 0.5})["reason"]


def test_variances_are_exact_or_not():
    assert row(EXACT)["verdict"] == "supported"
    assert row(EXACT, directions={"predicted_variance": 2.0})["verdict"] == "contradicted"
    few = row(EXACT, directions={"variance_error": [0.01] * 4 + [0.1] * 2})
    assert "4 directions have a variance known to 3 %; 5 are needed" in few["reason"]


@pytest.mark.parametrize("claim", [NOT_GIBBS, ISOTROPIC, EXACT])
@pytest.mark.parametrize(
    ("numbers", "directions", "reason"),
    [
        ({}, {"stationary": [True] * 5 + [False]}, "1 of 6 directions are not stationary"),
        ({"sampling": "epoch_shuffle"}, {}, "needs independent batches"),
        (
            dict.fromkeys(("predicted_entropy_production", "variance_exponent"), float("nan")),
            {},
            "theory has no prediction",
        ),
    ],
)
def test_nothing_is_decided_where_theory_does_not_speak(claim, numbers, directions, reason):
    found = row(claim, numbers, directions)
    assert found["verdict"] == "not testable here"
    assert found["reason"].startswith(f"toy, plain: {reason}")


def test_there_is_a_row_for_every_trajectory_that_meets_the_conditions():
    subspaces, directions = trajectory_tables(["plain", "momentum", "moving"])
    directions["stationary"] = directions["variant"] != "moving"
    rows = decide(BY_NAME[NOT_GIBBS], Experiment([], recorded(subspaces, directions, RUNS))).claims
    assert [found["run"] for found in rows] == ["toy, plain", "toy, momentum", "toy, moving"]
    assert [found["verdict"] for found in rows] == ["supported"] * 2 + ["not testable here"]
    assert rows[0]["network"] == "linear on toys"
    assert rows[0]["scope"] == "these networks"
    assert rows[0]["unit_of_noise"] == "steps"
    assert "third-order time asymmetry beyond three errors in 1 of 6" in rows[0]["reason"]


def test_without_trajectories_nothing_is_decided():
    experiment = Experiment([], recorded(pd.DataFrame(), pd.DataFrame(), {}))
    (found,) = decide(BY_NAME[EXACT], experiment).claims
    assert found["reason"] == "needs recorded trajectories (trajectory.variants)"

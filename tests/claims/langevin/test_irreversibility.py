"""Detailed balance, and whether all modes are equally hot."""

import numpy as np
import pytest

from example_dynamics import decided, row

BROKEN, GIBBS = "detailed_balance_broken", "stationary_law_not_gibbs"


@pytest.mark.parametrize(
    ("odds", "error", "expected"),
    [
        (50.0, 5.0, "supported"),
        # 1.96 errors from zero, on either side.
        (9.81, 5.0, "supported"),
        (9.79, 5.0, "open"),
        (-9.0, 5.0, "open"),
        (-20.0, 5.0, "contradicted"),
    ],
)
def test_every_film_has_to_run_forward(odds, error, expected):
    changed = {"heavy": {"arrow_log_odds": odds, "arrow_log_odds_error": error}}
    assert row(BROKEN, changed)["verdict"] == expected


@pytest.mark.parametrize(
    ("amplitude", "expected"),
    [
        # Four trajectories of equal weight and error 0.11: 0.055 together, 0.1078 to either side.
        (0.61, "supported"),
        (0.60, "open"),
        (0.395, "open"),
        (0.38, "contradicted"),
        (1.89, "supported"),
        (1.90, "open"),
        (2.10, "open"),
        (2.13, "contradicted"),
    ],
)
def test_films_have_to_run_as_predicted(amplitude, expected):
    assert row(BROKEN, {"": {"arrow_amplitude": amplitude}})["verdict"] == expected


def test_amplitudes_are_weighed_with_what_was_expected():
    found = decided(
        BROKEN,
        {
            "plain": {"arrow_expected": 300.0, "arrow_amplitude": 1.4, "arrow_amplitude_error": 0.3},
            "": {"arrow_expected": 100.0, "arrow_amplitude": 0.8, "arrow_amplitude_error": 0.2},
        },
    ).components  # fmt: skip
    (part,) = (each for each in found if each["component"].startswith("all trajectories"))
    assert part["value"] == pytest.approx((3 * 1.4 + 3 * 0.8) / 6)
    assert part["error"] == pytest.approx(np.sqrt(9 * 0.3**2 + 3 * 0.2**2) / 6)


@pytest.mark.parametrize(
    ("score", "expected"),
    [(0.979, "supported"), (-0.979, "supported"), (0.981, "open"), (9, "open")],
)
def test_controls_have_no_arrow_and_contradict_nothing(score, expected):
    # Four of them: twice the score together.
    assert row(BROKEN, {"": {"control_arrow_score": score}})["verdict"] == expected


def test_an_arrow_needs_its_error():
    nothing = {"arrow_score": np.nan, "arrow_log_odds_error": np.nan}
    found = row(BROKEN, {"": nothing})
    assert found["verdict"] == "not testable here"
    assert "too few steps for the error of the arrow of time" in found["reason"]
    assert row(BROKEN, {"plain": nothing})["verdict"] == "supported"


def test_asymmetry_of_third_order_stands_beside():
    skewed = {"asymmetry": [4.0, -5.5] + [1.0] * 14}
    said = row(BROKEN, None, {"plain": skewed})["reason"]
    assert said == "third-order time asymmetry beyond three errors in 2 of 64 directions (largest 5.5 errors)"  # fmt: skip


def heat(*logs: float, error: float = 0.005) -> dict[str, list[float]]:
    values = np.exp(logs)
    return {"temperature": list(values), "temperature_error": list(error * values)}


@pytest.mark.parametrize(
    ("logs", "error", "expected"),
    [
        # Three modes; ln 1.1 = 0.0953, errors of a difference 0.00707, 0.0139 to either side.
        ((0.0, 0.0, 0.080), 0.005, "contradicted"),
        ((0.0, 0.0, 0.083), 0.005, "open"),
        ((0.0, 0.0, 0.111), 0.005, "open"),
        # Two of three pairs are apart: Holm asks for p < 0.025 / 3, 2.39 errors.
        ((0.0, 0.0, 0.113), 0.005, "supported"),
        ((0.0, 0.0, 0.04), 0.05, "open"),
        ((0.0, 0.0, 1.0), 0.05, "supported"),
    ],
)
def test_one_temperature_is_equivalence_of_all_pairs(logs, error, expected):
    found = row(GIBBS, None, {"": heat(*logs, error=error)}, modes=3)
    assert found["verdict"] == expected


def test_the_coldest_trajectory_decides_and_others_stand_beside():
    equal = {"small": heat(*[0.0] * 16)}
    found = row(GIBBS, None, equal)
    assert found["verdict"] == "contradicted"
    assert found["quantity"].startswith("small: log temperature of mode ")
    # By eta h over 1 - mu: 0.08, then 0.4, 0.8 and 2.
    assert found["holds_under"] == "heavy small; plain; heavy"
    assert row(GIBBS)["quantity"] == "small: log temperature of mode 1 minus that of mode 16"
    assert row(GIBBS)["reason"].startswith("the hottest mode is 20.0 times as hot")
    assert len(decided(GIBBS).components) == 16 * 15 / 2


@pytest.mark.parametrize("claim", [BROKEN, GIBBS])
@pytest.mark.parametrize(
    ("numbers", "directions", "reason"),
    [
        ({}, {"stationary": [False] + [True] * 15}, "1 of 16 directions are not stationary"),
        ({"sampling": "epoch_shuffle"}, {}, "needs independent batches"),
        ({"snapshots": 19}, {}, "19 snapshots of Hessian and noise; 20 are needed"),
        ({}, {"predicted_variance": [np.nan] + [1.0] * 15}, "theory has no prediction"),
    ],
)
def test_nothing_is_decided_where_theory_does_not_speak(claim, numbers, directions, reason):
    found = row(claim, {"": numbers}, {"": directions})
    assert found["verdict"] == "not testable here"
    assert found["reason"].startswith(f"toy, plain: {reason}")
    assert row(claim, {"plain": numbers}, {"plain": directions})["verdict"] == "supported"

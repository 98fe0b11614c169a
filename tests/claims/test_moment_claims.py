"""Claims on per-sample moments and the central limit theorem: verdicts out of tables made for them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from example_claims import BY_NAME, evidence, rising
from gradnoise.claims.clt import deming_slope
from gradnoise.claims.decision import decide
from gradnoise.claims.evidence import Evidence
from gradnoise.claims.verdicts import Component

LAYERS = ["conv1", "conv2", "conv3", "linear1", "linear2"]
SIZES, COUNTS = (64, 256, 1024), (200, 600)


def with_predictions(
    error: float = 0.0,
    at_600: float = 0.0,
    slope: float = 1.0,
    noise: float = 0.2,
    partial: float = -0.4,
    rho_rises: bool = True,
) -> Evidence:
    """A run whose measured pass rates are `slope` times those predicted, plus errors."""
    random = np.random.default_rng(0)
    predictions, correlations, numbers = [], [], []
    for seed in range(4):
        for place, layer in enumerate(LAYERS):
            rank = place if rho_rises else -place
            about = {"seed": seed, "epoch": 5, "layer": layer}
            numbers.append({**about, "rho_q50": 20 + rank + 0.1 * random.normal()})
            for size in SIZES:
                for n in COUNTS:
                    predicted = 90 - 15 * place * 64 / size - (n == 600) * 5
                    measured = 50 + slope * (predicted - 50) + error + at_600 * (n == 600)
                    cell = {**about, "batch_size": size, "batches": n}
                    value = partial + 0.02 * random.normal()
                    correlations.append({**cell, "partial_spearman_rho": value})
                    predictions += [
                        {
                            **{**cell, "repeat": repeat, "coordinates": 200},
                            "predicted_percentage": predicted,
                            "measured_percentage": measured + noise * random.normal(),
                        }
                        for repeat in (1, 2, 3)
                    ]
    run = evidence(lambda la, e, s, n: 90.0 - 12 * LAYERS.index(la), sizes=SIZES, seeds=4)
    tables = {"prediction": predictions, "correlations": correlations, "layers": numbers}
    return replace(run, statistics={name: pd.DataFrame(rows) for name, rows in tables.items()})


def verdict(claim: str, run: Evidence) -> str:
    rows = decide(BY_NAME[claim], [run])
    assert len(rows) == 1
    return rows[0]["verdict"]


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        ({}, "supported"),
        ({"error": 9.0}, "contradicted"),
        ({"slope": 0.7}, "contradicted"),
        ({"noise": 60.0}, "undecided"),
    ],
)
def test_the_central_limit_theorem_is_enough_where_its_predictions_hold(
    made: dict[str, float], expected: str
) -> None:
    assert verdict("central_limit_alone", with_predictions(**made)) == expected


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        ({"error": 9.0}, "supported"),
        ({"at_600": 6.0}, "contradicted"),
        ({"noise": 20.0}, "undecided"),
    ],
)
def test_batch_counts_differ_by_power_where_the_gap_to_the_prediction_stays(
    made: dict[str, float], expected: str
) -> None:
    assert verdict("power_of_the_test", with_predictions(**made)) == expected


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        ({}, "supported"),
        ({"partial": 0.4}, "contradicted"),
        ({"rho_rises": False}, "contradicted"),
    ],
)
def test_third_moments_order_layers_between_and_within(
    made: dict[str, float], expected: str
) -> None:
    assert verdict("third_moment_orders_layers", with_predictions(**made)) == expected


def test_without_moments_nothing_is_decided() -> None:
    for claim in ("central_limit_alone", "power_of_the_test", "third_moment_orders_layers"):
        row = decide(BY_NAME[claim], [evidence(rising)])[0]
        assert row["verdict"] == "not testable here"
        assert row["reason"].startswith("needs ")


def test_deming_slope_is_that_of_orthogonal_regression() -> None:
    random = np.random.default_rng(1)
    truth = random.uniform(0, 100, 60)
    x, y = truth + random.normal(0, 5, 60), 0.8 * truth + random.normal(0, 5, 60)
    along = np.linalg.svd(np.column_stack([x - x.mean(), y - y.mean()]))[2][0]
    assert deming_slope(pd.Series(x), pd.Series(y)) == pytest.approx(along[1] / along[0])


def test_equality_exact_tests_and_separate_thresholds_decide_components() -> None:
    assert Component("x", 1.02, 0.9, 1.1, 1, 1).verdict == "supported"
    assert Component("x", 1.3, 1.2, 1.4, 1, 1).verdict == "contradicted"
    assert Component("x", 1.0, np.nan, np.nan, 1, 1).verdict == "undecided"
    assert Component("x", 0.2, 0.15, 0.24, most=0.1, refuted_above=0.25).verdict == "undecided"
    assert Component("x", 0.4, 0.3, 0.5, most=0.1, refuted_above=0.25).verdict == "contradicted"
    assert Component("x", 0.05, 0, 0.09, most=0.1, refuted_above=0.25).verdict == "supported"
    assert Component("x", 0.8, np.nan, np.nan, most=0, decision="undecided").verdict == "undecided"

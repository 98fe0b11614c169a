"""Claims on per-sample moments and the central limit theorem: verdicts out of tables made for them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from example_claims import evidence, rising, row, verdict
from example_results import ALEXNET, resnet
from gradnoise.claims.clt import deming_slope
from gradnoise.claims.evidence import Evidence

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


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        ({}, "supported"),
        ({"error": 9.0}, "contradicted"),
        ({"slope": 0.7}, "contradicted"),
        ({"noise": 10.0}, "open"),
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
        ({"noise": 20.0}, "open"),
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
        ({"rho_rises": False}, "contradicted"),
    ],
)
def test_third_moments_order_layers(made: dict[str, float], expected: str) -> None:
    assert verdict("third_moment_orders_layers", with_predictions(**made)) == expected


def test_without_moments_nothing_is_decided() -> None:
    for claim in ("central_limit_alone", "power_of_the_test", "third_moment_orders_layers"):
        found = row(claim, evidence(rising))
        assert found["verdict"] == "not testable here"
        assert found["reason"].startswith("needs ")


def test_deming_slope_is_that_of_orthogonal_regression() -> None:
    random = np.random.default_rng(1)
    truth = random.uniform(0, 100, 60)
    x, y = truth + random.normal(0, 5, 60), 0.8 * truth + random.normal(0, 5, 60)
    along = np.linalg.svd(np.column_stack([x - x.mean(), y - y.mean()]))[2][0]
    assert deming_slope(pd.Series(x), pd.Series(y)) == pytest.approx(along[1] / along[0])


def network(model: str, layers, spread: float, seeds: int = 3) -> Evidence:
    random = np.random.default_rng(1)
    rows = [
        {
            **{"seed": seed, "epoch": 5, "layer": layer, "rho_q05": 2.0},
            "rho_q95": 2 + spread * np.exp(0.05 * random.normal()),
        }
        for seed in range(seeds)
        for layer, *_ in layers
    ]
    run = evidence(rising, layers, model, name=model, seeds=seeds)
    return replace(run, statistics={"layers": pd.DataFrame(rows)})


@pytest.mark.parametrize(("wide", "expected"), [(9.0, "supported"), (1.0, "contradicted")])
def test_third_moments_spread_wider_where_the_quantiles_do(wide: float, expected: str) -> None:
    alexnet = network("alexnet", ALEXNET, wide)
    residual = network("resnet20", resnet(6), 3.0)
    found = row("alexnet_third_moments_wider", alexnet, residual)
    assert found["verdict"] == expected
    assert found["run"] == "alexnet, resnet20"


def test_the_comparison_needs_both_networks_and_three_seeds() -> None:
    alexnet = network("alexnet", ALEXNET, 9.0, seeds=2)
    residual = network("resnet20", resnet(6), 3.0)
    assert verdict("alexnet_third_moments_wider", alexnet) == "not testable here"
    found = row("alexnet_third_moments_wider", alexnet, residual)
    assert found["verdict"] == "not testable here"
    assert "three training seeds" in found["reason"]

"""Tables of trajectories that are exactly what theory says, for the rules of claims on dynamics."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from gradnoise.claims.decision import Rows, decide
from gradnoise.claims.experiment import Experiment, recorded
from gradnoise.claims.published import CLAIMS

BY_NAME = {claim.name: claim for claim in CLAIMS}
RUNS = {"toy": {"model": {"name": "linear"}, "data": {"dataset": "toys"}}}
ABOUT = {"run": "toy", "seed": 1, "epoch": 4, "subspace": "model"}

# What a trajectory's numbers and directions are but for what a test changes of them.
NUMBERS: dict[str, Any] = {
    **{"sampling": "with_replacement", "batch_size": 8, "weight_decay": 0.0, "nesterov": False},
    **{"replicas": 6, "steps": 900, "burn_in": 400, "snapshots": 60},
    **{"arrow_log_odds": 50.0, "arrow_log_odds_error": 5.0, "arrow_expected": 50.0},
    **{"arrow_score": 10.0, "arrow_amplitude": 1.0, "arrow_amplitude_error": 0.11},
    **{"control_arrow_score": 0.3, "noise_over_gradient": 40.0, "noise_over_gradient_error": 3.0},
    **{"noise_exponent": 1.01, "noise_exponent_error": 0.02},
    **{"variance_exponent": 0.01, "variance_exponent_error": 0.02},
    **{"predicted_variance_exponent": 0.02, "predicted_variance_exponent_error": 0.01},
    **{f"noise_{of}_variation{end}": value for of in ("trace", "top") for end, value in
       (("", 0.05), ("_lower", 0.04), ("_upper", 0.07))},
}  # fmt: skip
DIRECTION: dict[str, Any] = {
    **{"kind": "eigenvector", "stationary": True, "stationarity_pvalue": 0.6},
    **{"stationarity_power": 0.95, "predicted_autocorrelation_time": 30.0},
    **{"minimum_distance": 0.04, "minimum_distance_error": 0.02},
    **{"kinetic_ratio": 1.005, "kinetic_ratio_error": 0.01},
    **{"asymmetry": 1.0, "asymmetry_error": 1.0},
}

VARIANTS: dict[str, dict[str, Any]] = {
    "plain": {"learning_rate": 0.02, "momentum": 0.0},
    "small": {"learning_rate": 0.002, "momentum": 0.0},
    "heavy": {"learning_rate": 0.005, "momentum": 0.9},
    "heavy_small": {"learning_rate": 0.001, "momentum": 0.9},
}


def tables(
    numbers: Mapping[str, Mapping[str, Any]] | None = None,
    directions: Mapping[str, Mapping[str, Any]] | None = None,
    variants: Mapping[str, Mapping[str, Any]] = VARIANTS,
    modes: int = 16,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`langevin_subspaces` and `langevin` of variants, with changes by variant ("" for all of them)."""
    curvature = np.geomspace(40.0, 2.0, modes)
    subspaces, rows = [], []
    for variant, rule in variants.items():
        key = {**ABOUT, "variant": variant, **rule}
        rate, momentum = rule["learning_rate"], rule["momentum"]
        changed = {**(numbers or {}).get("", {}), **(numbers or {}).get(variant, {})}
        step = {"largest_step": rate * curvature[0]}
        subspaces.append({**key, **NUMBERS, **step, **changed})
        noise = 0.01 * curvature  # of a mini-batch gradient
        limit = rate * noise / (2 * (1 - momentum) * curvature)
        exact = limit / (1 - rate * curvature / (2 * (1 + momentum)))
        heat = rate * noise / (2 * (1 - momentum))
        made = pd.DataFrame(
            {
                "direction": np.arange(modes),
                "curvature": curvature,
                **{name: value for column, values, error in (
                    ("variance", exact, 0.012), ("predicted_variance", exact, 0.008),
                    ("continuous_variance", limit, 0.008), ("noise_variance", noise, 0.006),
                    ("temperature", heat, 0.012), ("kinetic_temperature", heat, 0.015),
                ) for name, value in ((column, values), (f"{column}_error", error * values))},
            }
        )  # fmt: skip
        own = {**(directions or {}).get("", {}), **(directions or {}).get(variant, {})}
        rows.append(made.assign(**{**key, **NUMBERS, **DIRECTION}, **step).assign(**own))
    return pd.DataFrame(subspaces), pd.concat(rows, ignore_index=True)


def decided(claim: str, *made: Any, **how: Any) -> Rows:
    """All rows of a claim; arguments as of `tables`."""
    return decide(BY_NAME[claim], Experiment([], recorded(*tables(*made, **how), RUNS)))


def row(claim: str, *made: Any, **how: Any) -> dict[str, Any]:
    """The only row of a claim."""
    (found,) = decided(claim, *made, **how).claims
    return found

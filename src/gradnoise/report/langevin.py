"""What the page says of trajectories: does the Langevin picture hold, with numbers and errors."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from gradnoise.trajectory.names import EIGENVECTOR, MODEL


def trajectories(tables: Mapping[str, pd.DataFrame]) -> list[dict[str, Any]]:
    """One entry for every trajectory: how it was made, what follows, and a row per eigenvector of the model.

    Args:
        tables: `langevin` and `langevin_subspaces`, or neither.
    """
    if "langevin_subspaces" not in tables:
        return []
    whole = tables["langevin_subspaces"]
    found = []
    for _, numbers in whole[whole["subspace"] == MODEL].iterrows():
        rows = tables["langevin"]
        key = ["run", "seed", "variant", "subspace"]
        rows = rows[np.logical_and.reduce([rows[name] == numbers[name] for name in key])]
        rows = rows[rows["kind"] == EIGENVECTOR]
        found.append(
            {
                "run": numbers["run"],
                "variant": numbers["variant"],
                "how": _how(numbers),
                "findings": list(findings(numbers, rows)),
                "rows": [_row(row) for _, row in rows.iterrows()],
            }
        )
    return found


def findings(numbers: pd.Series, rows: pd.DataFrame) -> Iterator[str]:
    """Sentences on one trajectory, from its numbers alone."""
    still = rows[rows["stationary"].astype(bool)]
    if len(still) < len(rows):
        yield (
            f"{len(rows) - len(still)} of {len(rows)} directions are not stationary (replicas or thirds differ in "
            "mean or variance), or too short to tell: nothing is concluded from them."
        )
    if len(still) and np.isfinite(still["predicted_variance"]).any():
        exact = still["variance"] / still["predicted_variance"]
        limit = still["variance"] / still["continuous_variance"]
        yield (
            f"Variance over the exact prediction: {_span(exact)}; over its small-step (Langevin) limit: "
            f"{_span(limit)}."
        )
    if len(still) > 1 and np.isfinite(still["temperature"]).any():
        hottest, coldest = still["temperature"].max(), still["temperature"].min()
        yield (
            f"Temperatures of modes differ by a factor of up to {hottest / coldest:.2f}; kinetic over "
            f"configurational temperature: {_span(still['kinetic_ratio'])}."
        )
    yield (
        f"C ~ H^{_pm(numbers['noise_exponent'], numbers['noise_exponent_error'])}, variance ~ "
        f"H^{_pm(numbers['variance_exponent'], numbers['variance_exponent_error'])}, predicted "
        f"H^{_number(numbers['predicted_variance_exponent'], 2)}."
    )
    yield from _irreversibility(numbers)
    yield (
        f"Batch sharpness {_pm(numbers['batch_sharpness'], numbers['batch_sharpness_error'], 1)}; steps are unstable "
        f"above a curvature of {numbers['stability_limit']:.0f}."
    )
    if np.isfinite(numbers["flatness_exponent"]):
        flatness = _pm(-numbers["flatness_exponent"], numbers["flatness_exponent_error"])
        yield (
            f"Variance ~ flatness^({flatness}) over principal directions, the first of which holds "
            f"{100 * numbers['first_share']:.0f} % (a random walk's: {100 * numbers['random_walk_share']:.0f} %)."
        )


def _irreversibility(numbers: pd.Series) -> Iterator[str]:
    """The entropy production, and the arrow of time where theory predicts one."""
    measured = _pm(numbers["entropy_production"], numbers["entropy_production_error"], 5)
    if not np.isfinite(numbers["predicted_entropy_production"]):
        yield f"Entropy production {measured} nats a step; theory predicts none for these steps."
        return
    exact = _pm(
        numbers["predicted_entropy_production"], numbers["predicted_entropy_production_error"], 5
    )
    yield (
        f"Entropy production {measured} nats a step; exact {exact}, commuting noise below "
        f"{numbers['null_entropy_production']:.5f}."
    )
    if np.isfinite(numbers["arrow_score"]):
        amplitude = _pm(numbers["arrow_amplitude"], numbers["arrow_amplitude_error"])
        yield (
            f"Arrow of time: {_number(numbers['arrow_score'], 1)} standard errors from a film that may run backward "
            f"(a reversible control: {_number(numbers['control_arrow_score'], 1)}), {amplitude} of what the commutator "
            "of noise and Hessian predicts."
        )


def _how(numbers: pd.Series) -> str:
    sampling = {"with_replacement": "independent batches", "epoch_shuffle": "without replacement"}
    return (
        f"learning rate {numbers['learning_rate']:g}, momentum {numbers['momentum']:g}, batch size "
        f"{numbers['batch_size']}, weight decay {numbers['weight_decay']:g}, {sampling[numbers['sampling']]}; "
        f"{numbers['replicas']} replicas of {numbers['steps']:,} steps after {numbers['burn_in']:,}"
    )


def _row(row: pd.Series) -> dict[str, str]:
    fit = "second" if row["order"] == 2 else "first"
    rate = row["learning_rate"]
    return {
        "direction": str(row["direction"] + 1),
        "step": f"{rate * row['curvature']:.3f}",
        "fitted": _pm(rate * row[f"{fit}_curvature"], rate * row[f"{fit}_curvature_error"], 3),
        "order": str(row["order"]),
        "ratio": _over(row, "predicted_variance"),
        "limit": _over(row, "continuous_variance"),
        "time": f"{row['autocorrelation_time']:.1f}",
        "expected_time": _number(row["predicted_autocorrelation_time"], 1),
        "steady": _number(row["stationarity_pvalue"], 2),
        "boltzmann": _number(row["boltzmann_bic_difference"], 1),
        "stationary": "yes" if row["stationary"] else "no",
    }


def _over(row: pd.Series, prediction: str) -> str:
    """The measured variance over a predicted one, with both errors."""
    ratio = row["variance"] / row[prediction]
    own, other = (row[f"{name}_error"] / row[name] for name in ("variance", prediction))
    return _pm(ratio, ratio * np.hypot(own, other))


def _span(values: pd.Series) -> str:
    return f"{values.min():.2f} to {values.max():.2f}"


def _pm(value: float, error: float, digits: int = 2) -> str:
    """A number with its standard error, where it has one."""
    return _number(value, digits) + (f" ± {_number(error, digits)}" if np.isfinite(error) else "")


def _number(value: float, digits: int) -> str:
    return f"{value:.{digits}f}".replace("-", "−") if np.isfinite(value) else ""

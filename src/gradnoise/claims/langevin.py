"""What recorded trajectories say of the claims on SGD's stationary law: quantities and ranges, decided by code.

A claim is decided for every variant of every run, from the span of the whole model's leading Hessian
eigenvectors, where theory has an exact prediction. Intervals are over blocks of steps of this network.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from gradnoise.claims.evidence import NotTestableError
from gradnoise.claims.verdicts import CONTRADICTED, NOT_TESTABLE, SUPPORTED, Component, every
from gradnoise.trajectory.names import EIGENVECTOR, MODEL

NORMAL = 1.959964  # two-sided 95 %


AGREEMENT = 0.10  # of a prediction


PRECISE = 0.03  # relative error of a variance that is compared


SMALL_STEP = 0.1  # largest eta h for which the continuous law is right to 5 %


SLOPE = 0.1


OFF_CENTRE = 0.5  # standard deviations between the mean position and the minimum


FEWEST = 5  # directions


Measure = Callable[[pd.Series, pd.DataFrame], list[Component]]


def not_gibbs(numbers: pd.Series, directions: pd.DataFrame) -> list[Component]:
    """Entropy is produced as the commutator of noise and Hessian says, and not where they commute.

    Args:
        numbers: a row of `langevin_subspaces`.
        directions: the subspace's rows of `langevin`.
    """
    _need_theory(numbers, directions, "predicted_entropy_production")
    measured, error = numbers["entropy_production"], numbers["entropy_production_error"]
    exact, null = numbers["predicted_entropy_production"], numbers["null_entropy_production"]
    return [
        _component("entropy production above the commuting surrogates'", measured - null, error, 0),
        _agreement("entropy production over the exact value", measured / exact, error / exact),
        # A null that is not small leaves the claim open: the trajectory is too short for so small a current.
        _component(
            "commuting surrogates' share of the exact value",
            null / exact,
            0.0,
            most=0.05,
            refuted_above=np.inf,
        ),
    ]


def locally_isotropic(numbers: pd.Series, directions: pd.DataFrame) -> list[Component]:
    """The mean lies at the minimum, and the variance follows the curvature as C ~ H^gamma says.

    The published law is the case gamma = 1; whether it is one is said beside (`isotropy_remark`). Arguments as in
    `not_gibbs`.
    """
    _need_theory(numbers, directions, "variance_exponent")
    if numbers["largest_step"] >= SMALL_STEP:
        raise NotTestableError(
            f"the claim is about small steps; here learning rate times curvature reaches "
            f"{numbers['largest_step']:.2f}"
        )
    gamma, gamma_error = numbers["noise_exponent"], numbers["noise_exponent_error"]
    slope_error = np.hypot(numbers["variance_exponent_error"], gamma_error)
    return [
        _component(
            "exponent of the variance minus (gamma - 1)",
            numbers["variance_exponent"] - (gamma - 1),
            slope_error,
            -SLOPE,
            SLOPE,
        ),
        _component(
            "distance of the minimum from the mean, standard deviations",
            numbers["peak_distance"],
            0.0,
            most=OFF_CENTRE,
        ),
    ]


def isotropy_remark(numbers: pd.Series) -> str:
    """Whether the noise is proportional to the Hessian, which isotropy needs."""
    gamma, width = numbers["noise_exponent"], NORMAL * numbers["noise_exponent_error"]
    holds = abs(gamma - 1) <= width
    return f"C ~ H^gamma with gamma = {gamma:.2f} ± {width:.2f}: " + (
        "isotropic" if holds else "not proportional, so not isotropic"
    )


def exactly_predicted(numbers: pd.Series, directions: pd.DataFrame) -> list[Component]:
    """Every precise variance is what the measured Hessian and noise predict, within 10 % or three errors."""
    _need_theory(numbers, directions, "variance_exponent")
    relative = directions["variance_error"] / directions["variance"]
    chosen = directions[relative < PRECISE]
    if len(chosen) < FEWEST:
        raise NotTestableError(
            f"{len(chosen)} directions have a variance known to {100 * PRECISE:g} %; {FEWEST} are needed"
        )
    parts = []
    for _, row in chosen.iterrows():
        ratio = row["variance"] / row["predicted_variance"]
        errors = (
            row["variance_error"] / row["variance"],
            row["predicted_variance_error"] / row["predicted_variance"],
        )
        step = row["learning_rate"] * row["curvature"]
        label = f"direction {row['direction'] + 1}, eta h = {step:.2f}: variance over prediction"
        parts.append(_agreement(label, ratio, float(np.hypot(*errors))))
    return parts


MEASURES: dict[str, Measure] = {
    "stationary_law_not_gibbs": not_gibbs,
    "local_law_isotropic": locally_isotropic,
    "variance_exactly_predicted": exactly_predicted,
}


def _component(
    label: str,
    value: float,
    error: float,
    least: float = -np.inf,
    most: float = np.inf,
    refuted_above: float = np.nan,
) -> Component:
    low, high = value - NORMAL * error, value + NORMAL * error
    return Component(
        label, float(value), float(low), float(high), least, most, refuted_above=refuted_above
    )


def _agreement(label: str, ratio: float, error: float) -> Component:
    """A ratio that shall be 1 within 10 % or three standard errors, whichever is more."""
    tolerance = max(AGREEMENT, 3 * error)
    part = _component(label, ratio, error, 1 - tolerance, 1 + tolerance)
    return replace(part, decision=SUPPORTED if abs(ratio - 1) <= tolerance else CONTRADICTED)


def _need_theory(numbers: pd.Series, directions: pd.DataFrame, name: str) -> None:
    """Conditions without which nothing is compared."""
    moving = int((~directions["stationary"].astype(bool)).sum())
    if moving:
        raise NotTestableError(f"{moving} of {len(directions)} directions are not stationary")
    if numbers["sampling"] != "with_replacement":
        raise NotTestableError("needs independent batches")
    if not np.isfinite(numbers[name]):
        raise NotTestableError("theory has no prediction: a direction is unstable or not confining")


def decide(
    head: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], settings: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Rows of the claims table for one claim: one per network and variant that meets its conditions.

    Args:
        head: `claim`, `statement` and `origin`.
        tables: `langevin` and `langevin_subspaces`.
        settings: `runs` (name -> sections).
    """
    measure, rows, reasons = MEASURES[str(head["claim"])], [], []
    whole = tables["langevin_subspaces"]
    whole = whole[whole["subspace"] == MODEL] if len(whole) else whole
    for _, numbers in whole.iterrows():
        directions = _directions(tables["langevin"], numbers)
        try:
            verdict, weakest = every(measure(numbers, directions))
        except NotTestableError as problem:
            reasons.append(f"{numbers['run']}, {numbers['variant']}: {problem}")
            continue
        rows.append(
            {
                **head,
                **_scope(numbers, settings),
                "verdict": verdict,
                "quantity": weakest.label,
                "measured": weakest.value,
                "lower": weakest.lower,
                "upper": weakest.upper,
                "threshold": weakest.threshold,
                "reason": _remark(measure, numbers, directions),
                "cases": _cases(measure(numbers, directions)),
                "measured_in": "",
            }
        )
    if rows:
        return rows
    reason = "; ".join(reasons) or "needs recorded trajectories (trajectory.variants)"
    return [{**head, "verdict": NOT_TESTABLE, "reason": reason}]


def _directions(table: pd.DataFrame, numbers: pd.Series) -> pd.DataFrame:
    """The eigenvectors of one trajectory's whole model."""
    key = ["run", "seed", "epoch", "variant", "subspace"]
    same = np.logical_and.reduce([table[name] == numbers[name] for name in key])
    return table[same & (table["kind"] == EIGENVECTOR)]


def _scope(numbers: pd.Series, settings: Mapping[str, Any]) -> dict[str, Any]:
    sections = (settings.get("runs") or {}).get(numbers["run"], {})
    model = sections.get("model", {}).get("name", "unknown")
    data = sections.get("data", {}).get("dataset", "unknown data")
    return {
        "run": f"{numbers['run']}, {numbers['variant']}",
        "network": model,
        "scope": f"{model} on {data}, this network",
        "epochs": str(numbers["epoch"]),
        "seeds": str(numbers["seed"]),
        "repeats": int(numbers["replicas"]),
        "unit": "block of steps",
        "batch_sizes": str(numbers["batch_size"]),
    }


def _cases(parts: Sequence[Component]) -> str:
    return "; ".join(
        f"{part.label}: {part.verdict} ({part.value:.3g} [{part.lower:.3g}, {part.upper:.3g}], "
        f"claimed {part.threshold})"
        for part in parts
    )


def _remark(measure: Measure, numbers: pd.Series, directions: pd.DataFrame) -> str:
    if measure is not_gibbs:
        return _asymmetry(directions)
    return isotropy_remark(numbers) if measure is locally_isotropic else ""


def _asymmetry(directions: pd.DataFrame) -> str:
    """Third-order time asymmetry, which sees what covariances cannot."""
    score = (directions["asymmetry"] / directions["asymmetry_error"]).abs()
    beyond = int((score > 3).sum())
    return (
        f"third-order time asymmetry beyond three errors in {beyond} of {len(score)} directions "
        f"(largest {score.max():.1f} errors)"
    )

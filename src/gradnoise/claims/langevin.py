"""Claims on SGD's stationary law, decided from recorded trajectories.

A claim is decided for every variant of every run, from the span of the whole model's leading Hessian
eigenvectors, where theory has an exact prediction. Intervals are over blocks of steps of this network.
"""

from collections.abc import Sequence

import numpy as np

from gradnoise.claims.claim import Claim, once
from gradnoise.claims.evidence import need
from gradnoise.claims.experiment import Experiment, Trajectory
from gradnoise.claims.scheme.component import Component
from gradnoise.store.variables import NORMAL
from gradnoise.tables.moderated.contrasts import Scope

AGREEMENT = 0.10  # of a prediction


PRECISE = 0.03  # relative error of a variance that is compared


SMALL_STEP = 0.1  # largest eta h for which the continuous law is right to 5 %


SLOPE = 0.1


OFF_CENTRE = 0.5  # standard deviations between the mean position and the minimum


FEWEST = 5  # directions


def trajectories(experiment: Experiment) -> Sequence[Trajectory]:
    """Every recorded trajectory."""
    need(bool(experiment.trajectories), "recorded trajectories (trajectory.variants)")
    return experiment.trajectories


def not_gibbs(trajectory: Trajectory, scope: Scope) -> Sequence[Component]:
    """Entropy is produced as the commutator of noise and Hessian says, and not where they commute."""
    _require_theory(trajectory, "predicted_entropy_production")
    numbers = trajectory.numbers
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


def locally_isotropic(trajectory: Trajectory, scope: Scope) -> Sequence[Component]:
    """The mean lies at the minimum, and the variance follows the curvature as C ~ H^gamma says.

    The published law is the case gamma = 1; whether it is one is said beside (`isotropy_remark`).
    """
    _require_theory(trajectory, "variance_exponent")
    numbers = trajectory.numbers
    step = numbers["largest_step"]
    trajectory.require(
        step < SMALL_STEP,
        f"the claim is about small steps; here learning rate times curvature reaches {step:.2f}",
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


def isotropy_remark(trajectory: Trajectory) -> str:
    """Whether the noise is proportional to the Hessian, which isotropy needs."""
    numbers = trajectory.numbers
    gamma, width = numbers["noise_exponent"], NORMAL * numbers["noise_exponent_error"]
    holds = abs(gamma - 1) <= width
    return f"C ~ H^gamma with gamma = {gamma:.2f} ± {width:.2f}: " + (
        "isotropic" if holds else "not proportional, so not isotropic"
    )


def exactly_predicted(trajectory: Trajectory, scope: Scope) -> Sequence[Component]:
    """Every precise variance is what the measured Hessian and noise predict, within 10 % or three errors."""
    _require_theory(trajectory, "variance_exponent")
    directions = trajectory.directions
    relative = directions["variance_error"] / directions["variance"]
    chosen = directions[relative < PRECISE]
    trajectory.require(
        len(chosen) >= FEWEST,
        f"{len(chosen)} directions have a variance known to {100 * PRECISE:g} %; {FEWEST} are needed",
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


def asymmetry_remark(trajectory: Trajectory) -> str:
    """Third-order time asymmetry, which sees what covariances cannot."""
    directions = trajectory.directions
    score = (directions["asymmetry"] / directions["asymmetry_error"]).abs()
    beyond = int((score > 3).sum())
    return (
        f"third-order time asymmetry beyond three errors in {beyond} of {len(score)} directions "
        f"(largest {score.max():.1f} errors)"
    )


def _component(
    label: str,
    value: float,
    error: float,
    least: float = -np.inf,
    most: float = np.inf,
    refuted_above: float = np.nan,
) -> Component:
    return Component(
        label,
        float(value),
        float(error),
        least=least,
        most=most,
        refuted_above=refuted_above,
        margin=AGREEMENT,
    )


def _agreement(label: str, ratio: float, error: float) -> Component:
    """A ratio that shall be 1 within 10 % or three standard errors, whichever is more."""
    tolerance = max(AGREEMENT, 3 * error)
    agrees = abs(ratio - 1) <= tolerance
    return Component(
        label,
        float(ratio),
        float(error),
        least=1 - tolerance,
        most=1 + tolerance,
        pvalues=(0.0, 1.0) if agrees else (1.0, 0.0),
    )


def _require_theory(trajectory: Trajectory, prediction: str) -> None:
    """Conditions without which nothing is compared."""
    stationary = trajectory.directions["stationary"].astype(bool)
    moving = int((~stationary).sum())
    trajectory.require(not moving, f"{moving} of {len(stationary)} directions are not stationary")
    independent = trajectory.numbers["sampling"] == "with_replacement"
    trajectory.require(independent, "needs independent batches")
    trajectory.require(
        bool(np.isfinite(trajectory.numbers[prediction])),
        "theory has no prediction: a direction is unstable or not confining",
    )


CLAIMS = [
    Claim(
        "stationary_law_not_gibbs",
        "The stationary law is not Gibbs; detailed balance breaks exactly when noise and Hessian do not commute",
        "dynamics",
        "paper",
        "entropy production, over its exact value and its null",
        not_gibbs,
        about=trajectories,
        cases=once,
        remark=asymmetry_remark,
        unit="",
    ),
    Claim(
        "local_law_isotropic",
        "The probability peaks at the minimum; the local law is isotropic when noise is proportional to the Hessian",
        "dynamics",
        "paper",
        "exponents of variance and noise in the curvature",
        locally_isotropic,
        about=trajectories,
        cases=once,
        remark=isotropy_remark,
        unit="",
    ),
    Claim(
        "variance_exactly_predicted",
        "The stationary variance is what the measured Hessian and noise predict, with no free parameter",
        "ours",
        "gradnoise",
        "variance along a direction over its prediction",
        exactly_predicted,
        about=trajectories,
        cases=once,
        unit="",
    ),
]

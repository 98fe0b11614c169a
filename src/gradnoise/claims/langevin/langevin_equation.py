"""Is SGD Langevin's equation: in its variances, its velocities, and with the learning rate as temperature?"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from gradnoise.claims.claim import Claim, once
from gradnoise.claims.evidence import need
from gradnoise.claims.experiment import Trajectory
from gradnoise.claims.followed import (
    THEORY,
    Followed,
    followed,
    modes,
    relative,
    step_pairs,
)
from gradnoise.claims.scheme.component import Component
from gradnoise.tables.moderated.contrasts import Scope

AGREEMENT = 0.1  # of a ratio that is called 1


def heavy_ball(trajectory: Trajectory) -> None:
    """Both mappings are of heavy-ball momentum."""
    trajectory.require(not trajectory.numbers["nesterov"], "needs heavy-ball momentum, or none")


def one(label: str, ratio: float, error: float, family: str = "") -> Component:
    """A ratio that shall be 1 within 10 %."""
    return Component(
        label,
        float(ratio),
        float(error),
        least=1 - AGREEMENT,
        most=1 + AGREEMENT,
        family=family,
        margin=AGREEMENT,
    )


def momentum_is_langevin(subject: Followed, scope: Scope) -> Sequence[Component]:
    """Variance over eta c / (2 (1 - mu) h), extrapolated from two step sizes to eta h = 0: mean over modes."""
    pairs = list(step_pairs(subject.testable(*THEORY, heavy_ball)))
    with_momentum = {first.numbers["momentum"] > 0 for first, _ in pairs}
    need(
        with_momentum == {False, True},
        "stationary trajectories at two step sizes, without momentum and with it",
    )
    parts = []
    for first, second in pairs:
        inverse, error = _extrapolated(*modes(first, second), first, second)
        mean, spread = _mean(inverse, error)
        label = (
            f"momentum {first.numbers['momentum']:g}: variance over its Langevin limit at eta h = 0"
        )
        parts.append(one(f"{label} ({_steps(first, second)})", 1 / mean, spread / mean**2))
    return parts


def _extrapolated(
    large: pd.DataFrame, small: pd.DataFrame, first: Trajectory, second: Trajectory
) -> tuple[pd.Series, pd.Series]:
    """Langevin's variance over the measured one at eta h = 0, mode by mode, in which it is linear."""
    inverse, errors, steps = [], [], []
    for rows, trajectory in ((large, first), (small, second)):
        ratio = rows["continuous_variance"] / rows["variance"]
        inverse.append(ratio)
        errors.append(
            ratio * np.hypot(relative(rows, "variance"), relative(rows, "continuous_variance"))
        )
        steps.append(trajectory.numbers["learning_rate"] * rows["curvature"])
    apart = steps[0] - steps[1]
    value = (inverse[1] * steps[0] - inverse[0] * steps[1]) / apart
    return value, np.hypot(errors[1] * steps[0], errors[0] * steps[1]) / apart


def _mean(values: pd.Series, errors: pd.Series) -> tuple[float, float]:
    """Plain mean over modes, and its error."""
    return float(values.mean()), float(np.sqrt((errors**2).sum()) / len(errors))


def _steps(first: Trajectory, second: Trajectory) -> str:
    return (
        f"learning rates {first.numbers['learning_rate']:g} and {second.numbers['learning_rate']:g}"
    )


def learning_rate_is_temperature(subject: Followed, scope: Scope) -> Sequence[Component]:
    """Temperatures at two learning rates, at the same noise, are as the learning rates: mean over modes."""
    pairs = list(step_pairs(subject.testable(*THEORY, heavy_ball)))
    need(bool(pairs), "stationary trajectories that differ in nothing but the learning rate")
    parts = []
    for first, second in pairs:
        large, small = modes(first, second)
        rates = first.numbers["learning_rate"] / second.numbers["learning_rate"]
        logs = np.log(
            large["temperature"] / small["temperature"]
            * small["noise_variance"] / large["noise_variance"] / rates
        )  # fmt: skip
        squares = [
            relative(rows, name) ** 2
            for rows in (large, small)
            for name in ("temperature", "noise_variance")
        ]
        mean, spread = _mean(logs, sum(squares[1:], squares[0]) ** 0.5)
        label = f"momentum {first.numbers['momentum']:g}: temperatures over learning rates"
        ratio = float(np.exp(mean))
        parts.append(one(f"{label} ({_steps(first, second)})", ratio, ratio * spread))
    return parts


def temperature_remark(subject: Followed) -> str:
    """The same mode by mode, without the noise taken out."""
    found = []
    for first, second in step_pairs(subject.testable(*THEORY, heavy_ball)):
        large, small = modes(first, second)
        ratio = large["temperature"] / small["temperature"]
        rates = first.numbers["learning_rate"] / second.numbers["learning_rate"]
        found.append(f"{ratio.min():.2f} to {ratio.max():.2f} for {rates:g}")
    return f"mode by mode, with its noise: temperature ratios {'; '.join(found)}"


def velocities_share_temperature(subject: Followed, scope: Scope) -> Sequence[Component]:
    """Kinetic over configurational temperature in the corrected mapping: mean over modes, each trajectory."""
    parts = []
    for trajectory in subject.testable(*THEORY, heavy_ball):
        rows = trajectory.directions
        mean, error = _mean(rows["kinetic_ratio"], rows["kinetic_ratio_error"])
        parts.append(one(f"{subject.label(trajectory)}: kinetic over configurational", mean, error))
    return parts


def published_remark(subject: Followed) -> str:
    """What the published mapping makes of the same steps."""
    found = {
        float(each.numbers["momentum"]): 2
        / (1 + float(each.numbers["momentum"]))
        * float(each.directions["kinetic_ratio"].mean())
        for each in subject.testable(*THEORY, heavy_ball)
    }
    said = ", ".join(
        f"{ratio:.2f} at momentum {momentum:g} (theory {2 / (1 + momentum):.2f})"
        for momentum, ratio in sorted(found.items())
    )
    return f"in the published mapping it is {said}"


CLAIMS = [
    Claim(
        "momentum_is_langevin",
        "For small steps momentum SGD has Langevin's variance, and vanilla SGD that of its high-friction limit",
        "dynamics",
        "paper",
        "variance over its Langevin limit, extrapolated to steps of zero, mean over modes",
        momentum_is_langevin,
        about=followed,
        cases=once,
        unit="",
    ),
    Claim(
        "learning_rate_is_temperature",
        "The learning rate is the temperature: at the same noise both are proportional",
        "dynamics",
        "paper",
        "ratio of temperatures over ratio of learning rates and noise, mean over modes",
        learning_rate_is_temperature,
        about=followed,
        cases=once,
        remark=temperature_remark,
        unit="",
    ),
    Claim(
        "velocities_share_temperature",
        "Velocities have the temperature of positions in the corrected mapping, not in the published one",
        "ours",
        "gradnoise",
        "kinetic over configurational temperature, mean over modes",
        velocities_share_temperature,
        about=followed,
        cases=once,
        remark=published_remark,
        unit="",
    ),
]

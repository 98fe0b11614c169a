"""Does SGD reach a steady state?"""

from collections.abc import Sequence

import numpy as np

from gradnoise.claims.claim import Claim, once
from gradnoise.claims.evidence import need
from gradnoise.claims.experiment import Trajectory
from gradnoise.claims.followed import Followed, followed
from gradnoise.claims.scheme.component import Component
from gradnoise.claims.scheme.power import Noise
from gradnoise.langevin.estimation.stationarity import LEVEL
from gradnoise.tables.moderated.contrasts import Scope

POWER = 0.8  # to see half a standard deviation, or half the variance, without which agreement says nothing

BURN_IN = 5  # exact correlation times of the slowest recorded direction


def burnt_in(trajectory: Trajectory) -> None:
    """What still moves away from its start contradicts no steady state."""
    times = trajectory.directions["predicted_autocorrelation_time"]
    longest = float(times.max()) if np.isfinite(times).all() else np.inf
    burn_in = int(trajectory.numbers["burn_in"])
    trajectory.require(
        burn_in >= BURN_IN * longest,
        f"{burn_in} steps of burn-in are fewer than {BURN_IN} correlation times "
        f"({longest:.0f} steps) of the slowest direction",
    )


def steady_state(subject: Followed, scope: Scope) -> Sequence[Component]:
    """The smallest adjusted p-value of every trajectory is at least 0.05.

    One that is too short to see a shift can contradict, and does not support.
    """
    trajectories = subject.testable(burnt_in)
    parts = []
    for trajectory in trajectories:
        rows = trajectory.directions
        smallest = rows["stationarity_pvalue"].min()  # of the directions that were tested
        if np.isfinite(smallest):
            power = rows["stationarity_power"].fillna(0).min()
            parts.append(
                Component(
                    f"{subject.label(trajectory)}: smallest p-value of a direction (power {power:.2f})",
                    min(1.0, float(smallest) * len(trajectories)),
                    0.0,
                    least=LEVEL,
                    only_refutes=bool(power < POWER),
                    highest=1.0,
                    margin=0.5,
                )
            )
    decisive = any(not part.only_refutes or part.value < LEVEL for part in parts)
    need(
        decisive,
        f"a trajectory in which a shift of half a standard deviation is seen with power {POWER:g}",
    )
    return parts


def no_more(subject: Followed, scope: Scope) -> Noise | None:
    """A p-value is never open."""
    return None


CLAIMS = [
    Claim(
        "steady_state",
        "A steady state is reached: replicas, and first and last thirds, agree in mean and variance",
        "dynamics",
        "paper",
        "smallest p-value of a direction, adjusted for all directions and trajectories",
        steady_state,
        about=followed,
        cases=once,
        noise=no_more,
        unit="",
    )
]

"""Is the stationary variance what the measured Hessian and noise predict?"""

from collections.abc import Sequence

import numpy as np

from gradnoise.claims.claim import Claim, once
from gradnoise.claims.evidence import need
from gradnoise.claims.experiment import Trajectory
from gradnoise.claims.followed import THEORY, Followed, followed, relative
from gradnoise.claims.langevin.langevin_equation import one
from gradnoise.claims.scheme.component import Component
from gradnoise.tables.moderated.contrasts import Scope

PREDICTED = 60  # snapshots of Hessian and noise, from which a prediction is known well enough

PRECISE = 0.02  # relative error of a variance over its prediction, up to which it is asked

FEWEST = 5  # directions


def exactly_predicted(subject: Followed, scope: Scope) -> Sequence[Component]:
    """Variance over prediction is 1 within 10 % along every direction in which both are known to 2 %."""
    parts = []
    for trajectory in subject.testable(*THEORY, enough_snapshots):
        rows = trajectory.directions
        ratio = rows["variance"] / rows["predicted_variance"]
        error = np.hypot(
            relative(rows, "variance").to_numpy(), relative(rows, "predicted_variance").to_numpy()
        )
        step = trajectory.numbers["learning_rate"] * rows["curvature"]
        for place in np.flatnonzero(error <= PRECISE):
            label = (
                f"{subject.label(trajectory)}, mode {rows['direction'].iloc[place] + 1} "
                f"(eta h = {step.iloc[place]:.2f}): variance over prediction"
            )
            own = ratio.iloc[place] * error[place]
            parts.append(one(label, ratio.iloc[place], own))
    need(
        len(parts) >= FEWEST,
        f"{FEWEST} directions whose variance and prediction are known to {100 * PRECISE:g} % "
        f"together; there are {len(parts)}",
    )
    return parts


def enough_snapshots(trajectory: Trajectory) -> None:
    """Few snapshots of Hessian and noise decide the comparison by themselves."""
    count = int(trajectory.numbers["snapshots"])
    trajectory.require(
        count >= PREDICTED, f"{count} snapshots of Hessian and noise; {PREDICTED} are needed"
    )


CLAIMS = [
    Claim(
        "variance_exactly_predicted",
        "Where both are known to 2 %, the stationary variance is what Hessian and noise predict, with no free parameter",
        "ours",
        "gradnoise",
        "variance along a direction over its prediction",
        exactly_predicted,
        about=followed,
        cases=once,
        unit="",
    ),
]

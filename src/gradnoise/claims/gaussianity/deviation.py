"""Claims on how much percentages deviate over repeats of the draws.

A measure takes a run's evidence, a scope, a number of batches and the column of a convention, and returns components
(see `claim.Claim`). Percentages are in points.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import chdtr, chdtrc, chdtri

from gradnoise.claims.claim import Claim
from gradnoise.claims.evidence import Evidence, need
from gradnoise.claims.quantities import DIRECTIONS
from gradnoise.claims.scheme.component import LEVEL, Component
from gradnoise.tables.intervals import repeat_deviation
from gradnoise.tables.moderated.contrasts import NETWORKS, Array, Scope
from gradnoise.tables.moderated.sampling import whole_layer

SMALL = 2.0  # points: a deviation over repeats that is "very small"


FIVE = 5  # repeats that the paper's deviation is over


def small_deviation(run: Evidence, scope: Scope, batches: int, column: str) -> Sequence[Component]:
    """Standard deviation over repeats of every whole layer's percentage below 2 points.

    A sample of the layer's coordinates deviates by more, since few coordinates pass by chance: that part is taken off.
    """
    need(run.repeats >= FIVE, f"five repeats of the draws (noise.repeats), found {run.repeats}")
    within = run.within(batches, column)
    need(bool(within.notna().any()), "which coordinates pass in which repeat")
    need(scope == NETWORKS, "the networks whose draws were repeated")
    deviations = repeat_deviation(run.last(batches, column))
    tested = run.tested(batches, column)
    parts = []
    for (layer, size), value, degrees in zip(
        deviations.index, deviations["value"], deviations["degrees"], strict=True
    ):
        key = (run.epochs[-1], layer, size)
        coordinates = np.array(tested[key].mean())
        whole = np.array(np.inf if column == DIRECTIONS else run.layers["size"][layer], float)
        share = np.array(within.get(key, np.nan))
        label = f"{layer} at batch size {size}: sd over repeats"
        parts.append(deviation(label, value, degrees, 100 * np.sqrt(share), coordinates, whole))
    return parts


def deviation(
    label: str, value: float, degrees: float, alone: Array, coordinates: Array, size: Array
) -> Component:
    """A whole layer's standard deviation below 2, with its chi-squared interval.

    Args:
        label: what it is.
        value: that of a sample of the layer's coordinates, in points.
        degrees: of freedom.
        alone: root of the mean variance of a coordinate's passing, in points.
        coordinates, size: of the sample and of the layer.
    """
    squares = degrees * value**2
    bounds = np.array([squares / chdtri(degrees, tail) for tail in (LEVEL, 1 - LEVEL)])
    found = whole_layer(np.array([value**2, *bounds]), alone**2, coordinates, size)
    middle, lower, upper = np.sqrt(found)
    # The sample's variance where the layer's is at the threshold.
    limit = SMALL**2 + float((1 / coordinates - 1 / size) * alone**2)
    return Component(
        label,
        float(middle),
        np.nan,
        degrees,
        most=SMALL,
        lowest=0.0,
        margin=SMALL,
        bounds=(float(lower), float(upper)),
        pvalues=(float(chdtr(degrees, squares / limit)), float(chdtrc(degrees, squares / limit))),
    )


def design_effect_remark(run: Evidence) -> str:
    """How much more repeats vary than independent coordinates would."""
    effects = design_effects(run)
    return (
        f"variance over repeats is {effects.median():.1f} (median) to {effects.max():.0f} times that "
        "of independent coordinates"
    )


def design_effects(run: Evidence) -> pd.Series:
    """Variance of a percentage over repeats, over that of as many independent coordinates.

    One value per seed, layer, batch size and number of batches, at the last epoch.
    """
    rows = run.rows[run.rows["epoch"] == run.epochs[-1]]
    cells = rows.groupby(["seed", "layer", "batch_size", "batches"])["percentage_testable"]
    mean, measured = cells.mean(), cells.var(ddof=1)
    count = rows.groupby(["seed", "layer", "batch_size", "batches"])["coordinates"].first()
    independent = mean * (100 - mean) / count
    return measured / independent.where(independent > 0)


CLAIMS = [
    Claim(
        "small_deviation",
        "The percentages deviate very little over five repeats",
        "gradient noise",
        "paper",
        "standard deviation over repeats of every layer's percentage",
        small_deviation,
        remark=design_effect_remark,
    ),
]

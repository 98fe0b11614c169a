"""Claims on how much percentages deviate over repeats of the draws.

A measure takes a run's evidence, a scope, a number of batches and the column of a convention, and returns components
(see `claim.Claim`). Percentages are in points.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import chdtr, chdtrc

from gradnoise.claims.claim import Claim
from gradnoise.claims.evidence import Evidence, need
from gradnoise.claims.scheme.component import Component
from gradnoise.tables.intervals import deviation_interval, repeat_deviation
from gradnoise.tables.moderated.contrasts import NETWORKS, Scope

SMALL = 2.0  # points: a deviation over repeats that is "very small"


FIVE = 5  # repeats that the paper's deviation is over


def small_deviation(run: Evidence, scope: Scope, batches: int, column: str) -> Sequence[Component]:
    """Standard deviation over repeats of every layer's percentage below 2 points."""
    need(run.repeats >= FIVE, f"five repeats of the draws (noise.repeats), found {run.repeats}")
    need(scope == NETWORKS, "the networks whose draws were repeated")
    deviations = repeat_deviation(run.last(batches, column))
    lower, upper = deviation_interval(deviations)
    return [
        _deviation(f"{layer} at batch size {size}: sd over repeats", *numbers)
        for (layer, size), *numbers in zip(
            deviations.index, deviations["value"], deviations["degrees"], lower, upper, strict=True
        )
    ]


def _deviation(label: str, value: float, degrees: float, lower: float, upper: float) -> Component:
    """A standard deviation below 2, with its chi-squared interval."""
    score = degrees * (value / SMALL) ** 2
    return Component(
        label,
        value,
        np.nan,
        degrees,
        most=SMALL,
        lowest=0.0,
        margin=SMALL,
        bounds=(lower, upper),
        pvalues=(float(chdtr(degrees, score)), float(chdtrc(degrees, score))),
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

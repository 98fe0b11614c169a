"""How far a series' mean is from zero, in its standard errors: noise has zero mean."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradnoise.gaussianity.kernels import Floats, Location, Rows
from gradnoise.gaussianity.populations import Population
from gradnoise.gaussianity.statistic import Column, Field, Kind, Statistic


def _prepare(n: int) -> Any:
    def run(rows: Rows, location: Location, standardised: Floats) -> None:
        """Student's statistic of each row, NaN for zero range."""
        spread = location.span > 0
        error = np.sqrt(location.squares[spread] / (n - 1) / n)
        standardised[spread] = (location.median + location.mean)[spread] / error
        standardised[~spread] = np.nan

    return run


def largest(values: NDArray[Any], significance: float = 0.0) -> float:
    """Largest absolute value, NaN of nothing. `significance` is not used: any reduction is told it."""
    return float(np.abs(values).max()) if values.size else float("nan")


STATISTIC = Statistic(
    fields=(Field("standardised_mean", "mean over its standard error (Student's statistic)"),),
    prepare=_prepare,
    columns=(
        Column(
            "largest_standardised_mean",
            "largest absolute mean over its standard error of the live coordinates",
            Kind.MEAN,
            "standardised_mean",
            Population.LIVE,
            largest,
        ),
    ),
)

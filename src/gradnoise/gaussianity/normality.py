"""All statistics of many series at once, from one sort of each."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradnoise.gaussianity.statistic import SMALLEST, Column, Kind, Statistic, measure
from gradnoise.store.registry import registered

# In files and tables; statistics that are not named here follow in the order of their names.
ORDER = ("shapiro_wilk", "shape", "classes")


def statistics() -> list[Statistic]:
    """All statistics, in the order of their fields and columns."""
    found = registered("gradnoise.gaussianity.statistics", "STATISTIC")
    names = [*ORDER, *sorted(set(found) - set(ORDER))]
    return [found[name] for name in names]


def columns() -> list[Column]:
    """What the statistics tell of a layer: percentages and shares first, then as the statistics stand."""
    found = [column for statistic in statistics() for column in statistic.columns]
    first = (Kind.PERCENTAGE, Kind.SHARE)
    return sorted(found, key=lambda column: (*first, column.kind).index(column.kind))


def describe(samples: ArrayLike, axis: int = -1) -> dict[str, NDArray[Any]]:
    """Everything about each series from one sort: tests, moments, Kolmogorov distance and class.

    Skewness m3 / m2^1.5 and excess kurtosis m4 / m2^2 - 3 are of the sample as a population (moments
    divided by n, centred). The Kolmogorov distance sup |F_n - Phi| is to the normal law with the sample's own
    mean and standard deviation (divided by n - 1), that is the statistic of Lilliefors (1967), JASA 62; a
    standard normal sample of n = 200 shows about 0.04, and Kolmogorov's own critical values do not apply. Phi
    is evaluated with Abramowitz and Stegun 7.1.28, to 1.5e-7.

    Args:
        samples: float32 or float64, 3 to 5000 samples along `axis`.
        axis: the axis of the series.

    Returns:
        Arrays of the samples' shape without `axis`, by the names of the statistics' fields: `statistic` and
        `pvalue` as `shapiro_wilk`, `class` as `classify`, ... The shape is NaN where the range is zero or a
        sample is not finite, any statistic where it needs more samples.

    Raises:
        ValueError: for fewer than 3 or more than 5000 samples.
        TypeError: for values that are not real numbers.

    >>> found = describe([[-2.1, -1.3, -0.9, -0.2, 0.1, 0.4, 1.2, 2.6], [0, 0, 0, 0, 0, 0, 0, 1]])
    >>> found["skewness"].astype(float).round(2).tolist(), found["class"].tolist()
    ([0.39, 2.27], [0, 2])
    """
    return measure(samples, axis, statistics(), SMALLEST)


def warm() -> None:
    """Compile every kernel, or load it from Numba's cache, so that later calls and jobs start at once."""
    for dtype in (np.float32, np.float64):
        describe(np.arange(96, dtype=dtype).reshape(4, 24))

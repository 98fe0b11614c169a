"""What all statistics of sorted rows share: where a row lies and how far it spreads.

Statistics call it from Python and never from compiled code, whose cache would not notice a change here.
"""

import math
from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

Rows = NDArray[Any]


Floats = NDArray[np.float64]


class Location(NamedTuple):
    """Centre and spread of the rows of a block, float64 of shape (rows,).

    Of values times `factor`, which is 1 except for rows whose squares would leave float64's range: those are
    brought to its middle by a power of two.
    """

    factor: Floats
    median: Floats
    span: Floats  # largest less smallest value: 0 for zero range, NaN where a value is not finite
    mean: Floats  # less the median
    squares: Floats  # sum of squares about the mean


kernel = numba.njit(nogil=True, cache=True, error_model="numpy")


# Reassociation lets sums use vector registers; NaN and infinity keep their meaning. Inlined: of a function that is
# called, the process that compiles runs another copy, with sums in another order, than those that load.
sums_kernel = numba.njit(
    nogil=True,
    cache=True,
    error_model="numpy",
    fastmath={"reassoc", "contract", "nsz"},
    forceinline=True,
)


def locate(rows: Rows) -> Location:
    """Centre and spread of sorted rows (m, n) of float32 or float64."""
    found = Location(*np.empty((5, len(rows))))
    locate_rows(rows, *found)
    return found


@kernel
def locate_rows(
    rows: Rows, factor: Floats, median: Floats, span: Floats, mean: Floats, squares: Floats
) -> None:
    """Write the fields of `Location` of each sorted row; mean and squares only where the span is positive."""
    for r in range(rows.shape[0]):
        row = rows[r]
        factor[r], median[r], span[r] = _anchor(row)
        mean[r], squares[r] = math.nan, math.nan
        if span[r] > 0.0:
            mean[r], squares[r] = _sums(row, factor[r], median[r])


@kernel
def _anchor(row: Rows) -> tuple[float, float, float]:
    """Factor, median and span of a row."""
    first, last = np.float64(row[0]), np.float64(row[-1])
    if not (math.isfinite(first) and math.isfinite(last)):
        return 1.0, 0.0, math.nan
    if first == last:
        return 1.0, first, 0.0
    factor = 1.0
    if max(-first, last) > 1e100:
        factor = 2.0**-600
    elif last - first < 1e-100:
        factor = 2.0**600
    return factor, row[row.size // 2] * factor, last * factor - first * factor


@sums_kernel
def _sums(row: Rows, factor: float, median: float) -> tuple[float, float]:
    """Mean, less the median, and sum of squares about the mean.

    One pass is stable: mean and median differ by at most one standard deviation, so subtracting
    n mean^2 costs at most one bit.
    """
    total, squares = 0.0, 0.0
    for i in range(row.size):
        x = row[i] * factor - median
        total += x
        squares += x * x
    return total / row.size, squares - total * total / row.size

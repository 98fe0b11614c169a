"""Kernels over sorted rows: the Shapiro-Wilk test, the shape of the distribution, the class of the values.

All in one file, because Numba's cache of compiled code does not see changes in other files.
"""

import math
from enum import IntEnum
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

Rows = NDArray[Any]


Floats = NDArray[np.float64]


class Coordinate(IntEnum):
    """What a coordinate's samples look like; the first of DIRAC, SPARSE, QUANTISED that applies."""

    LIVE = 0  #: none of the others
    DIRAC = 1  #: zero range: every sample is the same
    SPARSE = 2  #: one value fills half of the samples or more
    QUANTISED = 3  #: fewer distinct values than a quarter of the samples


# Reassociation lets sums use vector registers; NaN and infinity keep their meaning.
_kernel = numba.njit(nogil=True, cache=True, error_model="numpy")


_sums_kernel = numba.njit(
    nogil=True, cache=True, error_model="numpy", fastmath={"reassoc", "contract", "nsz"}
)


@_kernel
def _anchor(row: Rows) -> tuple[float, float]:
    """Median and range: 0 for zero range, NaN where a value is not finite.

    Rows whose squares could leave float64's range are brought to its middle, in place, by a power of two.
    """
    first, last = np.float64(row[0]), np.float64(row[-1])
    if not (math.isfinite(first) and math.isfinite(last)):
        return 0.0, math.nan
    if first == last:
        return first, 0.0
    factor = 1.0
    if max(-first, last) > 1e100:
        factor = 2.0**-600
    elif last - first < 1e-100:
        factor = 2.0**600
    if factor != 1.0:
        for i in range(row.size):
            row[i] *= factor
    return np.float64(row[row.size // 2]), np.float64(row[-1]) - np.float64(row[0])


@_sums_kernel
def _sums(row: Rows, weights: Floats, median: float) -> tuple[float, float, float]:
    """Weighted sum, mean and sum of squares about the mean of the row, less its median.

    One pass is stable: mean and median differ by at most one standard deviation, so subtracting
    n mean^2 costs at most one bit.
    """
    weighted, total, squares = 0.0, 0.0, 0.0
    for i in range(row.size):
        x = np.float64(row[i]) - median
        weighted += weights[i] * x
        total += x
        squares += x * x
    return weighted, total / row.size, squares - total * total / row.size


@_kernel
def _tail(complement: float, n: int, mean: float, deviation: float, gamma: float) -> float:
    """p-value of W = 1 - complement."""
    if n == 3:
        pvalue = 1.0 - 6.0 / math.pi * math.asin(math.sqrt(complement))
        return 0.0 if pvalue < 0.0 else pvalue
    if complement == 0.0:
        return 1.0
    y = math.log(complement)
    if n <= 11:
        if y >= gamma:
            return 0.0
        y = -math.log(gamma - y)
    return 0.5 * math.erfc((y - mean) / (deviation * math.sqrt(2.0)))


@_kernel
def shapiro_wilk_rows(
    rows: Rows,
    weights: Floats,
    mean: float,
    deviation: float,
    gamma: float,
    statistic: Floats,
    pvalue: Floats,
) -> None:
    """Write W and its p-value of each sorted row (m, n) of float32 or float64.

    Args:
        rows: (m, n), each row ascending.
        weights: Royston's weights, (n,), ascending.
        mean: of the normalised ln(1 - W) under normality.
        deviation: of the same.
        gamma: of the normalisation for n <= 11.
        statistic: float64 (m,), written.
        pvalue: float64 (m,), written.
    """
    n = rows.shape[1]
    # 1 - W of all rows, then their p-values: as one loop, each row's logarithm would wait for its sums.
    for r in range(rows.shape[0]):
        median, span = _anchor(rows[r])
        if not span > 0.0:
            statistic[r] = span
            continue
        weighted, _, squares = _sums(rows[r], weights, median)
        root = math.sqrt(squares)
        complement = max(0.0, (root - weighted) * (root + weighted) / squares)
        statistic[r] = min(complement, 0.25) if n == 3 else complement
    for r in range(rows.shape[0]):
        complement = statistic[r]
        statistic[r] = 1.0 - complement
        pvalue[r] = _tail(complement, n, mean, deviation, gamma)


@numba.njit(
    nogil=True,
    cache=True,
    error_model="numpy",
    fastmath={"reassoc", "contract", "nsz", "nnan", "ninf"},
)
def _standardised(
    row: Rows, centre: float, scale: float, shift: float, grid: Floats, gaps: Floats
) -> tuple[float, float, float]:
    """Third and fourth moment of z = (x - centre) scale - shift, and the largest |Phi(z_i) - (i + 1/2)/n|."""
    third, fourth = 0.0, 0.0
    for i in range(row.size):
        z = (row[i] - centre) * scale - shift
        square = z * z
        third += square * z
        fourth += square * square
        x = abs(z)
        # Abramowitz and Stegun 7.1.28 with the square root of two drawn into the coefficients.
        t = 1.0 + x * (
            0.04986734697 + x * (
                0.02114100615 + x * (
                    0.00327762634 + x * (
                        0.00003800357 + x * (0.00004889064 + x * 0.00000538298)))))  # fmt: skip
        t *= t
        t *= t
        t *= t
        t *= t
        upper = 0.5 - 0.5 / t
        gaps[i] = abs((upper if z > 0.0 else -upper) - grid[i])
    # A loop of its own: together with the sums it would not be vectorised.
    largest = 0.0
    for i in range(row.size):
        largest = gaps[i] if gaps[i] > largest else largest
    return third / row.size, fourth / row.size, largest


@_kernel
def shape_rows(rows: Rows, grid: Floats, skewness: Rows, kurtosis: Rows, distance: Rows) -> None:
    """Write skewness, excess kurtosis and Kolmogorov distance of each sorted row; NaN where it has no scale.

    Args:
        rows: (m, n), each row ascending.
        grid: (i + 1/2) / n - 1/2 for i = 0 to n - 1. With it sup |F_n - Phi| = max |Phi - 1/2 - grid| + 1/(2n).
        skewness: float32 (m,), written.
        kurtosis: float32 (m,), written.
        distance: float32 (m,), written.
    """
    n = rows.shape[1]
    gaps, nothing = np.empty(n), np.zeros(n)
    # Standardised by the n - 1 deviation as the Lilliefors statistic is; moments are of the population.
    unbiased = math.sqrt((n - 1.0) / n)
    for r in range(rows.shape[0]):
        median, span = _anchor(rows[r])
        if not span > 0.0:
            skewness[r] = kurtosis[r] = distance[r] = math.nan
            continue
        _, mean, squares = _sums(rows[r], nothing, median)
        scale = math.sqrt((n - 1.0) / squares)
        third, fourth, gap = _standardised(rows[r], median, scale, mean * scale, grid, gaps)
        skewness[r] = third / unbiased**3
        kurtosis[r] = fourth / unbiased**4 - 3.0
        distance[r] = gap + 0.5 / n


@_kernel
def class_rows(rows: Rows, classes: Rows) -> None:
    """Write the class (`Coordinate`) of each sorted row (m, n) into `classes`, uint8 (m,)."""
    n = rows.shape[1]
    half = (n + 1) // 2
    for r in range(rows.shape[0]):
        row = rows[r]
        distinct = 1
        for i in range(1, n):
            distinct += row[i] != row[i - 1]
        kind = Coordinate.LIVE
        if row[0] == row[-1]:
            kind = Coordinate.DIRAC
        elif distinct <= n // 2 + 1:  # necessary for one value to fill half
            if 4 * distinct < n:
                kind = Coordinate.QUANTISED
            for i in range(n - half + 1):
                if row[i] == row[i + half - 1]:
                    kind = Coordinate.SPARSE
        classes[r] = kind

"""Shapiro-Wilk test, shape and class of many series at once, from one sort of each.

Every function takes float32 or float64 samples with the series along any axis and computes in float64.
"""

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradnoise.gaussianity.kernels import class_rows, shape_rows, shapiro_wilk_rows
from gradnoise.series import Rows, as_rows, over_sorted_blocks

SMALLEST, LARGEST = 3, 5000  # numbers of samples for which the test is defined


Floats = NDArray[np.float64]


class ShapiroWilk(NamedTuple):
    """Statistic W and p-value, float64 arrays of the samples' shape without the series axis."""

    statistic: Floats
    pvalue: Floats


class Description(NamedTuple):
    """All that `describe` tells of each series, in the samples' shape without the series axis."""

    statistic: Floats
    pvalue: Floats
    skewness: NDArray[np.float32]
    excess_kurtosis: NDArray[np.float32]
    kolmogorov_distance: NDArray[np.float32]
    classes: NDArray[np.uint8]


def shapiro_wilk(samples: ArrayLike, axis: int = -1) -> ShapiroWilk:
    """Shapiro-Wilk test of normality, after Royston (1995), Applied Statistics 44, algorithm AS R94.

    W = (sum_i a_i x_(i))^2 / sum_i (x_i - mean)^2 with Royston's approximate weights a. The series is
    centred at its median and divided by its largest deviation from it first, and 1 - W is computed without
    cancellation, so neither the scale (1e-200 in float64 included) nor a mean 1e5 times the deviation matters.

    Args:
        samples: float32 or float64, 3 to 5000 samples along `axis`; other real types become float64.
        axis: the axis of the series.

    Returns:
        `statistic` and `pvalue`, float64. Zero range gives 1 and 1; a NaN or infinite sample gives NaN.

    Raises:
        ValueError: for fewer than 3 or more than 5000 samples.
    """
    rows, shape = as_rows(samples, axis)
    test = _tester(rows.shape[1])
    statistic, pvalue = np.empty((2, len(rows)))

    def work(block: Rows, where: slice) -> None:
        test(block, statistic[where], pvalue[where])

    over_sorted_blocks(rows, work)
    return ShapiroWilk(statistic.reshape(shape), pvalue.reshape(shape))


def classify(samples: ArrayLike, axis: int = -1) -> NDArray[np.uint8]:
    """Class of each series, as the integers of `Coordinate`.

    The most frequent value is counted, not zeros: in gradient noise a silent mini-batch is the constant
    minus the full gradient. A series with NaN counts each NaN as a value of its own.

    Args:
        samples: float32 or float64, at least one sample along `axis`.
        axis: the axis of the series.

    Returns:
        uint8, in the samples' shape without `axis`.
    """
    rows, shape = as_rows(samples, axis)
    if rows.shape[1] < 1:
        raise ValueError("samples: found empty series; at least 1 sample is needed")
    classes = np.empty(len(rows), np.uint8)
    over_sorted_blocks(rows, lambda block, where: class_rows(block, classes[where]))
    return classes.reshape(shape)


def describe(samples: ArrayLike, axis: int = -1) -> Description:
    """Everything about each series from one sort: test, moments, Kolmogorov distance and class.

    Skewness m3 / m2^1.5 and excess kurtosis m4 / m2^2 - 3 are of the sample as a population (moments
    divided by n, centred). The Kolmogorov distance sup |F_n - Phi| is to the normal law with the sample's own
    mean and standard deviation (divided by n - 1), that is the statistic of Lilliefors (1967), JASA 62; a
    standard normal sample of n = 200 shows about 0.04, and Kolmogorov's own critical values do not apply. Phi
    is evaluated with Abramowitz and Stegun 7.1.28, to 1.5e-7.

    Args:
        samples: float32 or float64, 3 to 5000 samples along `axis`.
        axis: the axis of the series.

    Returns:
        `statistic` and `pvalue` as `shapiro_wilk`, `classes` as `classify`; the shape is NaN where the range is
        zero or a sample is not finite.

    Raises:
        ValueError: for fewer than 3 or more than 5000 samples.
    """
    rows, shape = as_rows(samples, axis)
    test = _tester(rows.shape[1])
    grid = (np.arange(rows.shape[1]) + 0.5) / rows.shape[1] - 0.5
    statistic, pvalue = np.empty((2, len(rows)))
    skewness, kurtosis, distance = np.empty((3, len(rows)), np.float32)
    classes = np.empty(len(rows), np.uint8)

    def work(block: Rows, where: slice) -> None:
        class_rows(block, classes[where])
        test(block, statistic[where], pvalue[where])
        shape_rows(block, grid, skewness[where], kurtosis[where], distance[where])

    over_sorted_blocks(rows, work)
    return Description(
        statistic.reshape(shape),
        pvalue.reshape(shape),
        skewness.reshape(shape),
        kurtosis.reshape(shape),
        distance.reshape(shape),
        classes.reshape(shape),
    )


def warm() -> None:
    """Compile every kernel, or load it from Numba's cache, so that later calls and jobs start at once."""
    for dtype in (np.float32, np.float64):
        describe(np.arange(24, dtype=dtype).reshape(4, 6))


@lru_cache(maxsize=16)
def weights(n: int) -> Floats:
    """Royston's weights a_1 to a_n, float64 of shape (n,): ascending, antisymmetric, of unit length, read-only.

    Raises:
        ValueError: for n outside 3 to 5000.
    """
    if not SMALLEST <= n <= LARGEST:
        raise ValueError(f"samples: found {n} in a series; accepted: {SMALLEST} to {LARGEST}")
    upper = np.array([math.sqrt(0.5)]) if n == 3 else _upper_weights(n)
    found = np.concatenate([-upper, np.zeros(n % 2), upper[::-1]])
    found.flags.writeable = False  # shared by all callers
    return found


def _upper_weights(n: int) -> Floats:
    """Weights of the upper half, the largest first."""
    m = -_normal_quantile((np.arange(1, n // 2 + 1) - 0.375) / (n + 0.25))
    total = 2 * float(m @ m)
    u = 1 / math.sqrt(n)
    c = m[:2] / math.sqrt(total)
    last = c[0] + u * _polynomial(u, 0.221157, -0.147981, -2.071190, 4.434685, -2.706056)
    exact = [last]  # the extreme weights are fitted, the others keep the normal scores' ratios
    if n > 5:
        exact.append(c[1] + u * _polynomial(u, 0.042981, -0.293762, -1.752461, 5.682633, -3.582633))
    corrected = np.array(exact)
    k = len(exact)
    phi = (total - 2 * m[:k] @ m[:k]) / (1 - 2 * corrected @ corrected)
    return np.concatenate([corrected, m[k:] / math.sqrt(phi)])


def _normal_quantile(p: NDArray[Any]) -> Floats:
    """Quantile of the normal law by Beasley and Springer (1977), Applied Statistics 26, algorithm AS 111.

    AS R94 is defined with this one; exact quantiles would change a p-value at n = 5000 by up to 1e-6.
    """
    q = p - 0.5
    r = q * q
    middle = _polynomial(r, 2.50662823884, -18.61500062529, 41.39119773534, -25.44106049637)
    middle /= _polynomial(r, 1.0, -8.47351093090, 23.08336743743, -21.06224101826, 3.13082909833)
    r = np.sqrt(-np.log(np.minimum(p, 1 - p)))
    tail = _polynomial(r, -2.78718931138, -2.29796479134, 4.85014127135, 2.32121276858)
    tail /= _polynomial(r, 1.0, 3.54388924762, 1.63706781897)
    return np.where(np.abs(q) <= 0.42, q * middle, np.sign(q) * tail)


def _null(n: int) -> tuple[float, float, float]:
    """Mean and deviation of the normalised ln(1 - W) of normal samples, and gamma (for n <= 11)."""
    if n <= 11:
        mean = _polynomial(n, 0.5440, -0.39978, 0.025054, -0.0006714)
        deviation = math.exp(_polynomial(n, 1.3822, -0.77857, 0.062767, -0.0020322))
        return mean, deviation, -2.273 + 0.459 * n
    size = math.log(n)
    mean = _polynomial(size, -1.5861, -0.31082, -0.083751, 0.0038915)
    return mean, math.exp(_polynomial(size, -0.4803, -0.082676, 0.0030302)), math.inf


def _polynomial(x: Any, *coefficients: float) -> Any:
    """Lowest coefficient first, of a number or an array."""
    return sum(coefficient * x**power for power, coefficient in enumerate(coefficients))


def _tester(n: int) -> Callable[[Rows, Floats, Floats], Any]:
    """The test of sorted rows of n samples: function of (rows, statistic out, pvalue out)."""
    a, null = weights(n), _null(n)
    return lambda rows, statistic, pvalue: shapiro_wilk_rows(rows, a, *null, statistic, pvalue)

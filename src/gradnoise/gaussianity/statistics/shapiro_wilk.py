"""The Shapiro-Wilk test of normality, after Royston (1995), Applied Statistics 44, algorithm AS R94."""

import math
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradnoise.gaussianity.kernels import Floats, Location, Rows, kernel, sums_kernel
from gradnoise.gaussianity.multiple_testing import benjamini_hochberg, storey_pi0
from gradnoise.gaussianity.populations import Population
from gradnoise.gaussianity.statistic import (
    Column,
    Field,
    Kind,
    Statistic,
    measure,
    percentage,
    require_length,
)


class ShapiroWilk(NamedTuple):
    """Statistic W and p-value, float64 arrays of the samples' shape without the series axis."""

    statistic: Floats
    pvalue: Floats


def shapiro_wilk(samples: ArrayLike, axis: int = -1) -> ShapiroWilk:
    """Shapiro-Wilk test of normality, after Royston (1995), Applied Statistics 44, algorithm AS R94.

    W = (sum_i a_i x_(i))^2 / sum_i (x_i - mean)^2 with Royston's approximate weights a. The series is
    centred at its median first, and 1 - W is computed without cancellation, so neither the scale (1e-200 in
    float64 included) nor a mean 1e5 times the deviation matters.

    Args:
        samples: float32 or float64, 3 to 5000 samples along `axis`; other real types become float64.
        axis: the axis of the series.

    Returns:
        `statistic` and `pvalue`, float64, in the samples' shape without `axis`. Zero range gives 1 and 1; a
        NaN or infinite sample gives NaN.

    Raises:
        ValueError: for fewer than 3 or more than 5000 samples.
        TypeError: for values that are not real numbers.

    >>> found = shapiro_wilk([[-2.1, -1.3, -0.9, -0.2, 0.1, 0.4, 1.2, 2.6], [0, 0, 0, 0, 0, 0, 0, 1]])
    >>> found.pvalue.round(4).tolist()
    [0.9744, 0.0]
    """
    found = measure(samples, axis, [STATISTIC], STATISTIC.smallest)
    return ShapiroWilk(found["statistic"], found["pvalue"])


@sums_kernel
def _weighted(row: Rows, factor: float, median: float, weights: Floats) -> float:
    """Weighted sum of the row less its median."""
    weighted = 0.0
    for i in range(row.size):
        weighted += weights[i] * (row[i] * factor - median)
    return weighted


@kernel
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


@kernel
def shapiro_wilk_rows(
    rows: Rows,
    factor: Floats,
    median: Floats,
    span: Floats,
    squares: Floats,
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
        factor, median, span, squares: of `Location`.
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
        if not span[r] > 0.0:
            statistic[r] = span[r]
            continue
        weighted, root = _weighted(rows[r], factor[r], median[r], weights), math.sqrt(squares[r])
        complement = max(0.0, (root - weighted) * (root + weighted) / squares[r])
        statistic[r] = min(complement, 0.25) if n == 3 else complement
    for r in range(rows.shape[0]):
        complement = statistic[r]
        statistic[r] = 1.0 - complement
        pvalue[r] = _tail(complement, n, mean, deviation, gamma)


def _prepare(n: int) -> Any:
    a, null = weights(n), _null(n)

    def run(rows: Rows, location: Location, statistic: Floats, pvalue: Floats) -> None:
        factor, median, span, _, squares = location
        shapiro_wilk_rows(rows, factor, median, span, squares, a, *null, statistic, pvalue)

    return run


@lru_cache(maxsize=16)
def weights(n: int) -> Floats:
    """Royston's weights a_1 to a_n, float64 of shape (n,): ascending, antisymmetric, of unit length, read-only.

    Raises:
        ValueError: for n outside 3 to 5000.
    """
    require_length(n)
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


def _pi0(pvalues: Floats, significance: float) -> float:
    return storey_pi0(pvalues)


STATISTIC = Statistic(
    fields=(
        Field("statistic", "Shapiro-Wilk statistic W"),
        Field("pvalue", "p-value of the Shapiro-Wilk test"),
    ),
    prepare=_prepare,
    columns=(
        percentage(
            "percentage_testable",
            "coordinates that pass the Shapiro-Wilk test, of those that are not constant",
            "pvalue",
            Population.TESTABLE,
        ),
        percentage(
            "percentage_gaussian",
            "coordinates that pass the Shapiro-Wilk test, constant ones counted as passing",
            "pvalue",
            Population.ALL,
        ),
        percentage(
            "percentage_live",
            "coordinates that pass the Shapiro-Wilk test, of the live ones",
            "pvalue",
            Population.LIVE,
        ),
        percentage(
            "percentage_directions",
            "random directions that pass the Shapiro-Wilk test",
            "pvalue",
            Population.DIRECTIONS,
        ),
        Column(
            "pi0",
            "share of Gaussian coordinates among the testable, after Storey (2002)",
            Kind.MEAN,
            "pvalue",
            Population.TESTABLE,
            _pi0,
        ),
        Column(
            "rejections_bh",
            "testable coordinates rejected at a false discovery rate of the significance",
            Kind.COUNT,
            "pvalue",
            Population.TESTABLE,
            benjamini_hochberg,
        ),
    ),
)

"""The Anderson-Darling test of normality, mean and variance estimated (case 3), after Stephens."""

import math
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import ArrayLike

from gradnoise.gaussianity.kernels import Floats, Location, Rows, kernel, sums_kernel
from gradnoise.gaussianity.populations import Population
from gradnoise.gaussianity.statistic import Field, Statistic, measure, percentage

SMALLEST = 8  # samples from which Stephens' modification holds


# Up to |z| = EDGE the logarithms are polynomials, on pieces of width 1.
EDGE, DEGREE = 8, 14


LEVELS = 40  # of the continued fraction beyond EDGE


class AndersonDarling(NamedTuple):
    """Statistic A^2 and p-value, float64 arrays of the samples' shape without the series axis."""

    statistic: Floats
    pvalue: Floats


def anderson_darling(samples: ArrayLike, axis: int = -1) -> AndersonDarling:
    """Anderson-Darling test of normality with estimated mean and variance.

    A^2 = -n - (1/n) sum_i (2i - 1) (ln Phi(z_i) + ln(1 - Phi(z_(n+1-i)))) with z = (x - mean) / deviation
    (divided by n - 1). The p-value is of Stephens' A^2 (1 + 0.75/n + 2.25/n^2), case 3, by the four
    exponentials of D'Agostino and Stephens (1986), Goodness-of-fit Techniques, table 4.9; it is 0 from 13 on,
    where they end, and steps up by 0.003 at 0.6, where two of them meet. Both logarithms keep their digits
    however far out a sample lies.

    Args:
        samples: float32 or float64, 8 to 5000 samples along `axis`; other real types become float64.
        axis: the axis of the series.

    Returns:
        `statistic` (A^2, without the modification) and `pvalue`, float64, in the samples' shape without
        `axis`. Zero range passes, as in `shapiro_wilk`: 0 and 1, the statistic of a perfect fit; a NaN or
        infinite sample gives NaN.

    Raises:
        ValueError: for fewer than 8 or more than 5000 samples.
        TypeError: for values that are not real numbers.

    >>> found = anderson_darling([[-2.1, -1.3, -0.9, -0.2, 0.1, 0.4, 1.2, 2.6], [0, 0, 0, 0, 0, 0, 0, 1]])
    >>> found.pvalue.round(4).tolist()
    [0.9418, 0.0]
    """
    found = measure(samples, axis, [STATISTIC], SMALLEST)
    return AndersonDarling(found["anderson_darling"], found["anderson_darling_pvalue"])


@cache
def _logarithms() -> Floats:
    """Polynomials, (2 EDGE, 2, DEGREE + 1), for ln Phi(z) plus and minus ln(1 - Phi(z)).

    A piece spans [k, k + 1], k from -EDGE; each polynomial stands from its highest power down in the distance
    from the piece's middle. The nearest singularity of either logarithm, a complex zero of erfc, lies 2.8 away.
    """

    def log_phi(z: float) -> float:
        tail = 0.5 * math.erfc(abs(z) / math.sqrt(2))
        return math.log(tail) if z < 0 else math.log1p(-tail)

    pieces = []
    for k in range(-EDGE, EDGE):
        middle = k + 0.5
        parts = (
            chebyshev.chebinterpolate(
                np.vectorize(
                    lambda t, s=sign, m=middle: log_phi(m + t / 2) + s * log_phi(-m - t / 2)
                ),
                DEGREE,
            )
            for sign in (1, -1)
        )
        # Chebyshev's argument spans -1 to 1, twice the distance from the middle.
        powers = 2.0 ** np.arange(DEGREE + 1)
        pieces.append([(chebyshev.cheb2poly(part) * powers)[::-1] for part in parts])
    return np.array(pieces)


@kernel
def _far(x: float) -> float:
    """ln(1 - Phi(x)) for x >= EDGE, by Laplace's continued fraction of Mills' ratio."""
    fraction = x
    for level in range(LEVELS, 0, -1):
        fraction = x + level / fraction
    return -0.5 * x * x - math.log(fraction * math.sqrt(2.0 * math.pi))


@kernel
def _beyond(z: float, i: int, n: int) -> float:
    """Term of the sample at place i from 0, where one of the logarithms is 0 to the last digit."""
    logarithm = _far(abs(z))
    weight = (2.0 * i + 1.0 - n) / n
    return 1.0 + logarithm - (weight if z > 0.0 else -weight) * logarithm


@sums_kernel
def _piece(
    row: Rows,
    factor: float,
    median: float,
    scale: float,
    shift: float,
    first: int,
    n: int,
    even: Floats,
    odd: Floats,
) -> float:
    """Terms of neighbouring samples of one piece, the first of them at place `first` from 0.

    (2i - 1) ln Phi(z_i) + (2n - 2i + 1) ln(1 - Phi(z_i)), with i from 1 what A^2 has of z_i, is n times the sum
    of both logarithms plus (2i - 1 - n) times their difference. With the 1/n of each sample in
    A^2 = -n - ... beside them the terms are small, and their sum loses nothing.
    """
    total = 0.0
    for j in range(row.size):
        t = (row[j] * factor - median) * scale - shift
        sums, differences = even[0], odd[0]
        for power in range(1, DEGREE + 1):
            sums = sums * t + even[power]
            differences = differences * t + odd[power]
        total += 1.0 + sums + (2.0 * (first + j) + 1.0 - n) / n * differences
    return total


@kernel
def _pvalue(a: float) -> float:
    """p-value of the modified statistic, table 4.9 of D'Agostino and Stephens (1986)."""
    if a < 0.2:
        return 1.0 - math.exp(-13.436 + 101.14 * a - 223.73 * a * a)
    if a < 0.34:
        return 1.0 - math.exp(-8.318 + 42.796 * a - 59.938 * a * a)
    if a < 0.6:
        return math.exp(0.9177 - 4.279 * a - 1.38 * a * a)
    return math.exp(1.2937 - 5.709 * a + 0.0186 * a * a) if a < 13.0 else 0.0


@kernel
def anderson_darling_rows(
    rows: Rows,
    factor: Floats,
    median: Floats,
    span: Floats,
    mean: Floats,
    squares: Floats,
    logarithms: Floats,
    statistic: Floats,
    pvalue: Floats,
) -> None:
    """Write A^2 and its p-value of each sorted row (m, n) of float32 or float64.

    Args:
        rows: (m, n), each row ascending.
        factor, median, span, mean, squares: of `Location`.
        logarithms: of `_logarithms`.
        statistic: float64 (m,), written.
        pvalue: float64 (m,), written.
    """
    n = rows.shape[1]
    for r in range(rows.shape[0]):
        if not span[r] > 0.0:
            statistic[r], pvalue[r] = span[r], 1.0 + span[r]
            continue
        scale = math.sqrt((n - 1.0) / squares[r])
        shift = mean[r] * scale
        row = rows[r]
        total, first = 0.0, 0
        # The row is sorted, so each piece's samples are neighbours, and a loop has one polynomial.
        while first < n:
            z = (row[first] * factor[r] - median[r]) * scale - shift
            if abs(z) >= EDGE:
                total += _beyond(z, first, n)
                first += 1
                continue
            piece = math.floor(z)
            last, end = first + 1, ((piece + 1 + shift) / scale + median[r]) / factor[r]
            while last < n and row[last] < end:
                last += 1
            even, odd = logarithms[piece + EDGE]
            at = row[first:last]
            total += _piece(
                at, factor[r], median[r], scale, shift + piece + 0.5, first, n, even, odd
            )
            first = last
        statistic[r] = -total
        pvalue[r] = _pvalue(-total * (1.0 + 0.75 / n + 2.25 / n**2))


def _prepare(n: int) -> Any:
    logarithms = _logarithms()

    def run(rows: Rows, location: Location, statistic: Floats, pvalue: Floats) -> None:
        anderson_darling_rows(rows, *location, logarithms, statistic, pvalue)

    return run


STATISTIC = Statistic(
    fields=(
        Field("anderson_darling", "Anderson-Darling statistic A^2, mean and variance estimated"),
        Field("anderson_darling_pvalue", "p-value of the Anderson-Darling test"),
    ),
    prepare=_prepare,
    columns=(
        percentage(
            "percentage_anderson_darling",
            "coordinates that pass the Anderson-Darling test, of those that are not constant",
            "anderson_darling_pvalue",
            Population.TESTABLE,
        ),
    ),
    smallest=SMALLEST,
)

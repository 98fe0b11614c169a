"""Are a population's variance and fourth moment finite? How the sample's grow with the number of samples says.

Kurtosis m4 / m2^2, rho = E|g - Eg|^3 / sd^3 and the variance of N samples settle where the moments exist and grow
as a power of N where they do not. A sample's own numbers cannot tell: all are finite for any N, and mini-batches
drawn from finitely many gradients become Gaussian whatever the population.

Exponents depend on the numbers of samples they are taken over, so these are the same everywhere:

| population | kurtosis | variance |
|---|---|---|
| Student's t, 1.5 degrees | .94 | .38 |
| 2 | .72 | .13 |
| 2.5 | .53 | .07 |
| 3 | .34 | .03 |
| 4 | .17 | .01 |
| 5 | .10 | .01 |
| exponential | .07 | .01 |
| product of two Gaussians | .06 | .01 |
| Gaussian | .01 | .00 |
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numba
import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from gradnoise.draws.streams import Stream, generator

if TYPE_CHECKING:
    from gradnoise.gradients.columns import Columns

SIZES = 100, 316, 1_000, 3_162, 10_000  # of the subsets
SMALLEST = 400  # samples
VARYING = 0.5  # of a coordinate's subsets of every size, at least, if it is to count
DENSE = 0.5
GROUPS = 16  # of samples, each left out once for the error
COLUMNS = 8  # coordinates at a time
# Exponents of kurtosis below which a moment is finite and above which it is not: the variance between those of
# t(2.5) and t(2), and of t(1.5); the fourth moment between those of t(5) and t(4), and of t(3).
VARIANCE = 0.6, 0.85
FOURTH = 0.12, 0.25
Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Growth:
    """Kurtosis and rho of growing subsets of C coordinates' N samples.

    Attributes:
        samples: (L,), sizes of the subsets, near SIZES.
        kurtosis: (L, C), over subsets of which each holds the one before; NaN where one is constant.
        rho: (L, C), as kurtosis.
        coordinates: number of coordinates that vary in half of the subsets of every size; the others say nothing.
        dense_coordinates: number of those that are not zero for at least half of the samples.
        kurtosis_exponent: slope in the log of the samples of the log kurtosis' median over coordinates and
            disjoint subsets of a size.
        kurtosis_error: its standard error, by a jackknife over groups of samples.
        rho_exponent: as kurtosis_exponent.
        rho_error: as kurtosis_error.
        variance_exponent: as kurtosis_exponent, of each coordinate's variance in units of its largest square.
        variance_error: as kurtosis_error.
        dense_kurtosis_exponent: as kurtosis_exponent, over dense coordinates: a sparse population grows, too.
        dense_kurtosis_error: its standard error.
    """

    samples: NDArray[np.int64]
    kurtosis: Floats
    rho: Floats
    coordinates: int
    dense_coordinates: int
    kurtosis_exponent: float
    kurtosis_error: float
    rho_exponent: float
    rho_error: float
    variance_exponent: float
    variance_error: float
    dense_kurtosis_exponent: float
    dense_kurtosis_error: float


def growth(gradients: "Columns", seed: int) -> Growth:
    """Growth of kurtosis, rho and variance with the number of samples over random disjoint subsets.

    The samples are shuffled and cut into subsets of near 100, then of near 316, and so on to 10,000 or all, so that
    every sample counts at every size. A sparse population (few samples that are not zero) grows, too, until it is
    seen.

    Args:
        gradients: (N, C), per-sample gradients, float32 or float64, of which some columns are read at a time.
        seed: of the shuffle.

    Raises:
        ValueError: for fewer than 400 samples.
    """
    count = gradients.shape[0]
    if count < SMALLEST:
        raise ValueError(f"gradients: found {count} samples; at least {SMALLEST} are needed")
    order = generator(seed, Stream.GROWTH, count).permutation(count)
    parts = subsets(count)
    logs = _logs(gradients, order, parts)
    varying = _varying(logs[0], parts)
    nonzero = np.concatenate([np.count_nonzero(rows, axis=1) for _, rows in _blocks(gradients)])
    dense = varying & (nonzero >= DENSE * count)
    exponents = _exponents(logs, varying, dense, parts)
    errors = _jackknife(gradients, varying, order, dense, parts)
    first = np.cumsum(parts) - parts
    numbers = [number for pair in zip(exponents, errors, strict=True) for number in pair]
    return Growth(
        count // parts,
        np.exp(logs[0, first]),
        np.exp(logs[1, first]),
        int(varying.sum()),
        int(dense.sum()),
        *numbers,
    )


def subsets(count: int) -> Counts:
    """Into how many subsets `count` samples are cut, for each size that they have, the smallest size first."""
    sizes = [size for size in SIZES if size < count] + [min(count, SIZES[-1])]
    parts = {max(1, round(count / size)) for size in sizes}
    return np.array(sorted(parts, reverse=True), np.int64)


def variance_verdict(exponent: float, error: float) -> str:
    """What the exponent of kurtosis says of the variance: "finite", "infinite" or "undecided"."""
    return called(exponent, error, VARIANCE)


def fourth_verdict(exponent: float, error: float) -> str:
    """What the exponent of kurtosis says of the fourth moment: "finite", "infinite" or "undecided"."""
    return called(exponent, error, FOURTH)


def called(exponent: float, error: float, thresholds: tuple[float, float]) -> str:
    """ "finite" where a 95 % interval lies wholly below the first, "infinite" above the second, else "undecided"."""
    half = float(stdtrit(GROUPS - 1, 0.975)) * error
    if exponent + half < thresholds[0]:
        return "finite"
    return "infinite" if exponent - half > thresholds[1] else "undecided"


def _blocks(gradients: "Columns") -> Iterator[tuple[slice, NDArray[Any]]]:
    """Some columns after others, and their samples, one coordinate a row."""
    for start in range(0, gradients.shape[1], COLUMNS):
        columns = slice(start, min(start + COLUMNS, gradients.shape[1]))
        yield columns, np.asarray(gradients[:, columns]).T


def _logs(gradients: "Columns", order: Counts, parts: Counts) -> Floats:
    """Log kurtosis, rho and variance of every subset of the samples in an order, (3, subsets, C)."""
    logs = np.full((3, int(parts.sum()), gradients.shape[1]), np.nan)
    for columns, rows in _blocks(gradients):
        growth_rows(np.take(rows, order, axis=1), parts, logs[..., columns])
    return logs


def _varying(logs: Floats, parts: Counts) -> Flags:
    """Which coordinates vary in at least half of the subsets of every size: (C,), from (subsets, C)."""
    levels = np.split(np.isfinite(logs), np.cumsum(parts)[:-1])
    return np.all([level.mean(axis=0) >= VARYING for level in levels], axis=0)


def _exponents(logs: Floats, varying: Flags, dense: Flags, parts: Counts) -> list[float]:
    """Slopes in the log of the size: median log kurtosis, rho, variance, and kurtosis of dense coordinates."""
    chosen = zip((0, 1, 2, 0), (varying, varying, varying, dense), strict=True)
    return [_slope(logs[each][:, columns], parts) for each, columns in chosen]


def _slope(logs: Floats, parts: Counts) -> float:
    if not logs.shape[1]:
        return math.nan
    levels = np.split(logs, np.cumsum(parts)[:-1])
    medians = np.array([np.nanmedian(level) for level in levels])
    return float(np.polyfit(-np.log(parts), medians, 1)[0])


def _jackknife(
    gradients: "Columns", varying: Flags, order: Counts, dense: Flags, parts: Counts
) -> list[float]:
    """Standard errors of the exponents: the delete-one-group jackknife."""
    found = []
    groups = np.arange(order.size) % GROUPS
    for group in range(GROUPS):
        logs = _logs(gradients, order[groups != group], parts)
        found.append(_exponents(logs, varying, dense, parts))
    return [*map(float, np.std(found, axis=0) * math.sqrt(GROUPS - 1))]


@numba.njit(error_model="numpy", fastmath={"reassoc", "contract", "nsz"}, forceinline=True)
def _shape(values: NDArray[Any], low: int, high: int) -> tuple[float, float, float]:
    """Log kurtosis, log rho and log variance of values[low:high]; NaN for no range."""
    total, second, third, fourth = 0.0, 0.0, 0.0, 0.0
    count = high - low
    for i in range(low, high):
        total += values[i]
    mean = total / count
    for i in range(low, high):
        z = values[i] - mean
        square = z * z
        second += square
        third += abs(z) * square
        fourth += square * square
    second /= count
    if not second > 1e-24:
        return math.nan, math.nan, math.nan
    kurtosis, rho = fourth / count / second**2, third / count / second**1.5
    return math.log(kurtosis), math.log(rho), math.log(second)


@numba.njit(nogil=True, cache=True, error_model="numpy")
def growth_rows(columns: NDArray[Any], parts: Counts, logs: Floats) -> None:
    """Write log kurtosis, rho and variance of the disjoint subsets of every size, the smallest subsets first.

    Args:
        columns: (C, N) samples, one coordinate a row.
        parts: int64, into how many subsets the samples are cut, for each size.
        logs: (3, subsets, C), written; as it was where a coordinate is zero, NaN where a subset is constant to
            1e-12 of the largest value. The variance is in units of the coordinate's largest square.
    """
    coordinates, count = columns.shape
    scaled = np.empty(count)
    for c in range(coordinates):
        largest = 0.0
        for i in range(count):
            largest = max(largest, abs(np.float64(columns[c, i])))
        if not (largest > 0.0 and largest < math.inf):
            continue
        # Fourth powers of float32's smallest values are zero: the largest becomes 1.
        for i in range(count):
            scaled[i] = np.float64(columns[c, i]) / largest
        row = 0
        for cut in parts:
            for part in range(cut):
                low, high = part * count // cut, (part + 1) * count // cut
                logs[0, row, c], logs[1, row, c], logs[2, row, c] = _shape(scaled, low, high)
                row += 1


def warm() -> None:
    """Compile, or load from the cache, what `growth` runs."""
    random = np.random.default_rng(0)
    growth(random.standard_normal((640, 2)).astype(np.float32), 0)

"""Are a population's fourth and third moments finite? How the sample's grow with the number of samples says.

Kurtosis m4 / m2^2 and rho = E|g - Eg|^3 / sd^3 of N samples settle where the moments exist and grow as a
power of N where they do not. A sample's own numbers cannot tell: both are finite for any N, and mini-batches
drawn from finitely many gradients become Gaussian whatever the population.
"""

import math
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from gradnoise.draws.streams import Stream, generator
from gradnoise.store.variables import NORMAL

HALVINGS = 4  # from N down to N / 16


SMALLEST = 64  # samples


DENSE = 0.5


GROUPS = 16  # of samples, each left out once for the error


FINITE, INFINITE = 0.1, 0.25  # exponents of kurtosis, between those of t(5) and t(3) populations


Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Growth:
    """Kurtosis and rho of growing subsets of C coordinates' N samples.

    Attributes:
        samples: (L,), sizes of the subsets: N/16, N/8, N/4, N/2, N.
        kurtosis: (L, C), over subsets of which each holds the one before; NaN where one is constant.
        rho: (L, C), as kurtosis.
        coordinates: number of coordinates that vary in every subset; the others say nothing.
        kurtosis_exponent: slope in the log of the samples of the log kurtosis' median over coordinates and
            disjoint subsets of a size.
        kurtosis_error: its standard error, by a jackknife over groups of samples.
        rho_exponent: as kurtosis_exponent.
        rho_error: as kurtosis_error.
        dense_coordinates: number of those that are not zero for at least half of the samples.
        dense_kurtosis_exponent: as kurtosis_exponent, over dense coordinates: a sparse population grows, too.
        dense_kurtosis_error: its standard error.
    """

    samples: NDArray[np.int64]
    kurtosis: Floats
    rho: Floats
    coordinates: int
    kurtosis_exponent: float
    kurtosis_error: float
    rho_exponent: float
    rho_error: float
    dense_coordinates: int
    dense_kurtosis_exponent: float
    dense_kurtosis_error: float


def growth(gradients: NDArray[Any], seed: int) -> Growth:
    """Growth of kurtosis and rho with the number of samples over random nested subsets.

    The samples are shuffled and cut into 16 subsets, these joined in pairs into 8 and so on, so that every sample
    counts at every size. Exponents for N = 10,000: Student's t with 3 degrees of freedom 0.33, with 5 (a finite fourth
    moment) 0.08, exponential 0.04, product of two Gaussians 0.03, Gaussian 0.00; with 1.5 degrees 0.96. A sparse population (few samples that are not zero) grows, too, until it is seen.

    Args:
        gradients: (N, C), per-sample gradients, float32 or float64.
        seed: of the shuffle.

    Raises:
        ValueError: for fewer than 64 samples.
    """
    count = len(gradients)
    if count < SMALLEST:
        raise ValueError(f"gradients: found {count} samples; at least {SMALLEST} are needed")
    order = generator(seed, Stream.GROWTH, count).permutation(count)
    shuffled = np.ascontiguousarray(np.asarray(gradients)[order].T)
    logs = _logs(shuffled)
    varying = np.isfinite(logs).all(axis=(0, 1))
    sizes = count / 2.0 ** np.arange(HALVINGS, -1, -1)
    dense = (np.count_nonzero(shuffled, axis=1) >= DENSE * count)[varying]
    exponents = _exponents(logs[..., varying], dense, sizes)
    errors = _jackknife(shuffled[varying], dense, sizes)
    first = np.array([_first(level) for level in range(HALVINGS + 1)])
    return Growth(
        np.floor(sizes).astype(np.int64),
        np.exp(logs[0, first]),
        np.exp(logs[1, first]),
        int(varying.sum()),
        exponents[0],
        errors[0],
        exponents[1],
        errors[1],
        int(dense.sum()),
        exponents[2],
        errors[2],
    )


def verdict(exponent: float, error: float) -> str:
    """What the exponent of kurtosis says of the fourth moment: "finite", "infinite" or "undecided".

    Its 95 % interval wholly below 0.1 or wholly above 0.25.
    """
    return called(exponent, error, FINITE, INFINITE)


def called(exponent: float, error: float, finite: float, infinite: float) -> str:
    """ "finite" where a 95 % interval lies wholly below one bound, "infinite" above the other, else "undecided"."""
    if exponent + NORMAL * error < finite:
        return "finite"
    return "infinite" if exponent - NORMAL * error > infinite else "undecided"


def _first(level: int) -> int:
    """Row of the first subset of a level: 16 subsets of level 0 come first, then 8, 4, 2 and all samples."""
    return 2 * 2**HALVINGS - 2 ** (HALVINGS + 1 - level)


def _logs(columns: NDArray[Any]) -> Floats:
    """Log kurtosis and log rho of every subset, (2, 31, C), of rows of samples (C, N)."""
    logs = np.full((2, _first(HALVINGS + 1), len(columns)), np.nan)
    growth_rows(columns, HALVINGS, logs)
    return logs


def _exponents(logs: Floats, dense: NDArray[np.bool_], sizes: Floats) -> list[float]:
    """Slopes in the log of the sizes: of the median log kurtosis, of log rho, and of the dense ones' kurtosis."""
    slopes = [_slope(logs[each], sizes) for each in (0, 1)]
    return [*slopes, _slope(logs[0][:, dense], sizes)]


def _slope(logs: Floats, sizes: Floats) -> float:
    if not logs.shape[1]:
        return math.nan
    medians = [np.median(logs[_first(level) : _first(level + 1)]) for level in range(HALVINGS + 1)]
    return float(np.polyfit(np.log(sizes), np.array(medians), 1)[0])


def _jackknife(columns: NDArray[Any], dense: NDArray[np.bool_], sizes: Floats) -> list[float]:
    """Standard errors of the exponents: the delete-one-group jackknife."""
    found = []
    groups = np.arange(columns.shape[1]) % GROUPS
    for group in range(GROUPS):
        logs = _logs(np.ascontiguousarray(columns[:, groups != group]))
        varying = np.isfinite(logs).all(axis=(0, 1))
        found.append(_exponents(logs[..., varying], dense[varying], sizes))
    deviations = np.std(found, axis=0) * math.sqrt(GROUPS - 1)
    return [float(deviation) for deviation in deviations]


@numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"reassoc", "contract", "nsz"})
def _shape(values: NDArray[Any], low: int, high: int) -> tuple[float, float]:
    """Log kurtosis and log rho of values[low:high]; NaN for no range."""
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
        return math.nan, math.nan
    return math.log(fourth / count / second**2), math.log(third / count / second**1.5)


@numba.njit(nogil=True, cache=True, error_model="numpy")
def growth_rows(columns: NDArray[Any], halvings: int, logs: Floats) -> None:
    """Write log kurtosis and log rho of the disjoint subsets of every size, the smallest subsets first.

    Args:
        columns: (C, N) samples, one coordinate a row.
        halvings: from N to the smallest size.
        logs: (2, subsets, C), written; as it was where a coordinate is zero, NaN where a subset is constant to
            1e-12 of the largest value.
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
        for level in range(halvings, -1, -1):
            parts = 1 << level
            for part in range(parts):
                low, high = part * count // parts, (part + 1) * count // parts
                logs[0, row, c], logs[1, row, c] = _shape(scaled, low, high)
                row += 1


def warm() -> None:
    """Compile, or load from the cache, what `growth` runs."""
    growth(np.random.default_rng(0).standard_normal((640, 2)).astype(np.float32), 0)

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

from gradnoise.draws import Stream, generator

HALVINGS = 4  # from N down to N / 16
GROUPS = 16  # of samples, each left out once for the error
FINITE, INFINITE = 0.1, 0.25  # exponents of kurtosis, calibrated on t(5) and t(3) populations

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Growth:
    """Kurtosis and rho of growing subsets of C coordinates' N samples.

    Attributes:
        samples: (L,), sizes of the subsets: N/16, N/8, N/4, N/2, N.
        kurtosis: (L, C), geometric mean over the disjoint subsets of a size; NaN where one is constant.
        rho: (L, C), as kurtosis.
        coordinates: number of coordinates whose subsets all vary; the others say nothing.
        kurtosis_exponent: slope of the median log kurtosis over coordinates in the log of the samples.
        kurtosis_error: its standard error, by a jackknife over groups of samples.
        rho_exponent: as kurtosis_exponent.
        rho_error: as kurtosis_error.
    """

    samples: NDArray[np.int64]
    kurtosis: Floats
    rho: Floats
    coordinates: int
    kurtosis_exponent: float
    kurtosis_error: float
    rho_exponent: float
    rho_error: float


def growth(gradients: NDArray[Any], seed: int) -> Growth:
    """Growth of kurtosis and rho with the number of samples over random nested subsets.

    The samples are shuffled and cut into 16 subsets, these joined into 8 and so on, so that every sample counts at
    every size. Exponents for N = 10,000: Student's t with 3 degrees of freedom about 0.45, with 5 about 0.15,
    exponential 0.05 or less. A sparse population (few samples that are not zero) grows, too, until it is seen.

    Args:
        gradients: (N, C), per-sample gradients, float32 or float64.
        seed: of the shuffle.

    Raises:
        ValueError: for fewer than 64 samples.
    """
    count = len(gradients)
    if count < 64:
        raise ValueError(f"gradients: found {count} samples; at least 64 are needed")
    order = generator(seed, Stream.GROWTH, count).permutation(count)
    shuffled = np.ascontiguousarray(np.asarray(gradients)[order].T)
    kurtosis, rho = _levels(shuffled)
    varying = np.isfinite(kurtosis).all(axis=0)
    sizes = count / 2.0 ** np.arange(HALVINGS, -1, -1)
    exponents = [_exponent(sizes, values[:, varying]) for values in (kurtosis, rho)]
    errors = _jackknife(shuffled[varying], sizes)
    return Growth(
        np.floor(sizes).astype(np.int64),
        kurtosis,
        rho,
        int(varying.sum()),
        exponents[0],
        errors[0],
        exponents[1],
        errors[1],
    )


def verdict(exponent: float, error: float) -> str:
    """What the exponent of kurtosis says of the fourth moment: "finite", "infinite" or "undecided".

    Its 95 % interval wholly below 0.1 or wholly above 0.25.
    """
    if exponent + 1.96 * error < FINITE:
        return "finite"
    return "infinite" if exponent - 1.96 * error > INFINITE else "undecided"


def _levels(columns: NDArray[Any]) -> tuple[Floats, Floats]:
    """Kurtosis and rho of every size, (L, C) each, of rows of samples (C, N)."""
    logs = np.full((2, HALVINGS + 1, len(columns)), np.nan)
    growth_rows(columns, logs)
    return np.exp(logs[0]), np.exp(logs[1])


def _exponent(sizes: Floats, values: Floats) -> float:
    """Slope of the median over coordinates of log values, (L, C), in the log of the sizes."""
    if not values.shape[1]:
        return math.nan
    medians = np.median(np.log(values), axis=1)
    return float(np.polyfit(np.log(sizes), medians, 1)[0])


def _jackknife(columns: NDArray[Any], sizes: Floats) -> tuple[float, float]:
    """Standard errors of both exponents: the delete-one-group jackknife."""
    if not len(columns):
        return math.nan, math.nan
    found = []
    groups = np.arange(columns.shape[1]) % GROUPS
    for group in range(GROUPS):
        kurtosis, rho = _levels(np.ascontiguousarray(columns[:, groups != group]))
        whole = np.isfinite(kurtosis).all(axis=0)
        found.append([_exponent(sizes, values[:, whole]) for values in (kurtosis, rho)])
    deviation = np.std(found, axis=0) * math.sqrt(GROUPS - 1)
    return float(deviation[0]), float(deviation[1])


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
def growth_rows(columns: NDArray[Any], logs: Floats) -> None:
    """Write the mean log kurtosis and log rho of a row's disjoint subsets, for every size.

    Args:
        columns: (C, N) samples, one coordinate a row.
        logs: (2, L, C), written; NaN where a subset is constant to 1e-12 of the largest value.
    """
    coordinates, count = columns.shape
    scaled = np.empty(count)
    for c in range(coordinates):
        largest = 0.0
        for i in range(count):
            largest = max(largest, abs(np.float64(columns[c, i])))
        if not (largest > 0.0 and largest < math.inf):
            continue
        for i in range(count):
            scaled[i] = np.float64(columns[c, i]) / largest
        for level in range(logs.shape[1]):
            parts = 1 << (logs.shape[1] - 1 - level)
            kurtosis, rho = 0.0, 0.0
            for part in range(parts):
                a, b = _shape(scaled, part * count // parts, (part + 1) * count // parts)
                kurtosis += a / parts
                rho += b / parts
            logs[0, level, c] = kurtosis
            logs[1, level, c] = rho

"""What share of mini-batch noise the Shapiro-Wilk test passes, foretold from the per-sample gradients' shape.

The mean of B draws has the skewness g1 / sqrt(B) and the excess kurtosis g2 / B. To a test on n such means
these count as

    a = sqrt(n / 6) |skewness|,      b = sqrt(n / 24) excess kurtosis,

the two shifts, in standard errors, of the sample's skewness and kurtosis. The pass probability is read from
a table over (n, a, b), simulated once by `benchmarks/make_pass_rate_table.py`.
"""

import csv
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

from gradnoise.errors import refuse_masks, whole, wholes

Floats = NDArray[np.float64]


TABLE = Path(__file__).with_name("pass_rate.csv")


LEVELS = (0.01, 0.05, 0.1)


# Shifts of the table: the pass rate is nearly zero beyond their ends.
SKEWNESS_SHIFTS = (0, 0.5, 1, 1.5, 2, 2.5, 3, 4, 5, 6.5, 8)


KURTOSIS_SHIFTS = (-8, -6, -5, -4, -3, -2, -1, 0, 0.5, 1, 2, 3, 4, 5, 6.5, 8, 11, 15, 20)


COUNTS = (12, 25, 50, 100, 200, 400, 600, 1000, 2000, 5000)


class _Table(NamedTuple):
    counts: Floats
    levels: Floats
    probits: Floats  # (counts, a, b, levels)


def predicted_pass_rate(
    skewness: ArrayLike,
    excess_kurtosis: ArrayLike,
    batch_size: ArrayLike,
    n: int,
    significance: float = 0.05,
) -> Floats:
    """Probability that the Shapiro-Wilk test passes n means of `batch_size` iid draws of continuous noise.

    Interpolated in a table of simulations of the test (Royston 1995, AS R94) over the shifts of skewness and
    kurtosis that n means show. It is near: laws of equal cumulants differ by a few points at small batches.

    Args:
        skewness: g1 of the per-sample gradients; NaN stays NaN.
        excess_kurtosis: g2 of the same.
        batch_size: B, whole numbers of at least 1; all three broadcast.
        n: number of batches, 3 to 5000. Below 12 the table's 12 is taken.
        significance: level of the test, above 0 and below 1; the table holds 0.01 to 0.1, beyond them the
            nearest one's shape is shifted to the level.

    Returns:
        float64 between 0 and 1, the broadcast shape. 1 - significance for Gaussian noise.

    Raises:
        ValueError: for n, batch size or significance out of range.

    >>> predicted_pass_rate([0.0, 2.0], [0.0, 6.0], 64, 200).round(2).tolist()  # Gaussian, exponential
    [0.95, 0.77]
    """
    refuse_masks("skewness", skewness)
    refuse_masks("excess_kurtosis", excess_kurtosis)
    size = wholes("batch_size", batch_size)
    if not 3 <= whole("n", n) <= 5000:
        raise ValueError(f"n: found {n}; accepted: 3 to 5000")
    if not 0 < significance < 1:
        raise ValueError(f"significance: found {significance}; accepted: above 0 and below 1")
    a = np.sqrt(n / 6) * np.abs(skewness) / np.sqrt(size)
    b = np.sqrt(n / 24) * np.asarray(excess_kurtosis, np.float64) / size
    surface = _surface(int(n), float(significance))
    return np.asarray(ndtr(_bilinear(surface, *np.broadcast_arrays(a, b))))


def finite_population(
    skewness: ArrayLike, excess_kurtosis: ArrayLike, batch_size: ArrayLike, samples: int
) -> tuple[Floats, Floats]:
    """Per-sample cumulants that give a batch drawn without replacement its shape.

    Exact for a batch of B out of N, as the hypergeometric law's skewness and kurtosis are: moments of a sum
    are linear in the population's, so that law fixes the coefficients. To leading order the batch has
    skewness g1 (1 - 2f) / sqrt(B (1 - f)) and excess kurtosis g2 (1 - 6f (1 - f)) / (B (1 - f)), f = B / N.

    Args:
        skewness, excess_kurtosis: g1 and g2 of the N samples as a population.
        batch_size: B; all three broadcast.
        samples: N, at least 4.

    Returns:
        What to hand to `predicted_pass_rate` with the same batch size; NaN where the batch is all samples.
    """
    g1, g2 = np.asarray(skewness, np.float64), np.asarray(excess_kurtosis, np.float64)
    b, n = wholes("batch_size", batch_size), float(whole("samples", samples))
    left = np.where(b < n, n - b, np.nan)
    third = g1 * (n - 2 * b) * np.sqrt(n - 1) / ((n - 2) * np.sqrt(b * left))
    fourth = (n - 1) * (n * (n + 1) - 6 * b * left) * (g2 + 6) - 6 * (n - 1) * n**2
    fourth = (fourth + 6 * b * left * (5 * n - 6)) / (b * left * (n - 2) * (n - 3))
    return np.asarray(third * np.sqrt(b)), np.asarray(fourth * b)


@lru_cache(maxsize=1)
def _table() -> _Table:
    with TABLE.open(newline="") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    shape = (len(COUNTS), len(SKEWNESS_SHIFTS), len(KURTOSIS_SHIFTS))
    shares = np.array([[float(row[f"pass_{level:g}"]) for level in LEVELS] for row in rows])
    return _Table(np.array(COUNTS, float), np.array(LEVELS), ndtri(shares).reshape(*shape, -1))


@lru_cache(maxsize=64)
def _surface(n: int, significance: float) -> Floats:
    """Probits (a, b) of one n and significance: linear in log n and in the level's own probit.

    Shifted as a whole so that Gaussian noise, whose rate is known, passes at 1 - significance.
    """
    table = _table()
    # Two neighbouring n; beyond the table's ends the nearest one's shape.
    place = np.interp(np.log(n), np.log(table.counts), np.arange(len(table.counts)))
    low = min(int(place), len(table.counts) - 2)
    probits = table.probits[low] + (place - low) * (table.probits[low + 1] - table.probits[low])
    # np.interp wants ascending places: the probits of passing rise where the level falls.
    levels = ndtri(1 - table.levels)[::-1]
    wanted = ndtri(1 - significance)
    where = np.interp(wanted, levels, np.arange(levels.size)[::-1])
    below = min(int(where), levels.size - 2)
    mixed = probits[..., below] + (where - below) * (probits[..., below + 1] - probits[..., below])
    null = mixed[0, KURTOSIS_SHIFTS.index(0)]
    return np.asarray(mixed + (wanted - null))


def _bilinear(surface: Floats, a: Floats, b: Floats) -> Floats:
    """Interpolate a surface over the shifts, which are held at the table's ends."""
    rows, columns = np.array(SKEWNESS_SHIFTS, float), np.array(KURTOSIS_SHIFTS, float)
    i = np.interp(a, rows, np.arange(rows.size))
    j = np.interp(b, columns, np.arange(columns.size))
    # NaN has no place in the table; it is put back at the end.
    missing = np.isnan(i + j)
    i, j = np.where(missing, 0, i), np.where(missing, 0, j)
    k, m = np.minimum(i.astype(int), rows.size - 2), np.minimum(j.astype(int), columns.size - 2)
    u, v = i - k, j - m
    found = (
        (1 - u) * (1 - v) * surface[k, m]
        + u * (1 - v) * surface[k + 1, m]
        + (1 - u) * v * surface[k, m + 1]
        + u * v * surface[k + 1, m + 1]
    )
    return np.where(missing, np.nan, found)

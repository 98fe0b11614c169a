"""What an estimator says of Gaussian samples: the null that stands beside every tail index.

The estimators are indifferent to a factor, so one null for each number of batches serves coordinates of every scale.
"""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gradnoise.draws.streams import Stream, generator
from gradnoise.gaussianity.statistics.shapiro_wilk import shapiro_wilk
from gradnoise.tails.columns import REJECTED_METHODS
from gradnoise.tails.stable.estimator import TailIndex
from gradnoise.tails.stable.index import ESTIMATORS, tail_index

SERIES = 10_000


KEPT = 400  # rejected series, for estimators too slow for all


ROWS_BYTES = 1 << 24  # of samples simulated at a time


Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Null:
    """Tail indices of Gaussian series.

    Attributes:
        alpha: by method, (series,), of those that converged.
        rejected: by method, those among `alpha` whose Shapiro-Wilk p-value is below the significance.
        rejected_series: float32 (at most 400, batches), the first that are rejected.
    """

    alpha: dict[str, Floats]
    rejected: dict[str, Floats]
    rejected_series: NDArray[np.float32]

    @cached_property
    def of_rejected(self) -> dict[str, TailIndex]:
        """Indices of `rejected_series` by the methods that rejected coordinates are fitted by: once for all layers."""
        return {
            method: tail_index(self.rejected_series, method=method) for method in REJECTED_METHODS
        }


def gaussian_null(
    batches: int,
    methods: Collection[str],
    seed: int,
    significance: float = 0.05,
    series: int = SERIES,
) -> Null:
    """Tail indices of Gaussian series of a number of batches, and of those that the test rejects.

    Fitting the rejected alone is selection on the tail: it lowers the index of exactly Gaussian coordinates,
    too, and this says how far.

    Args:
        batches: samples in a series, n.
        methods: of `tail_index`.
        seed: of the series; they depend on it and n only.
        significance: level of the Shapiro-Wilk test.
        series: number of series; fewer where the estimator's `null_series` says so.
    """
    rows = max(16, ROWS_BYTES // (4 * batches))
    alpha: dict[str, list[Floats]] = {method: [] for method in methods}
    rejected: dict[str, list[Floats]] = {method: [] for method in methods}
    kept = np.empty((0, batches), np.float32)
    for start in range(0, series, rows):
        random = generator(seed, Stream.TAILS, "null", batches, start)
        shape = min(rows, series - start), batches
        samples = random.standard_normal(shape, dtype=np.float32)
        failing = shapiro_wilk(samples).pvalue < significance
        if len(kept) < KEPT:
            kept = np.concatenate([kept, samples[failing]])[:KEPT]
        for method in methods:
            count = max(0, ESTIMATORS[method].null_series - start)
            found = tail_index(samples[:count], method=method)
            alpha[method].append(found.alpha[found.converged])
            rejected[method].append(found.alpha[found.converged & failing[:count]])
    return Null(
        {method: np.concatenate(parts) for method, parts in alpha.items()},
        {method: np.concatenate(parts) for method, parts in rejected.items()},
        kept,
    )

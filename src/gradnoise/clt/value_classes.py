"""Which per-sample gradients have a continuous law, as far as mini-batch means can tell.

Means of few distinct values fall on a lattice, and means of mostly equal values on one atom: the
Shapiro-Wilk test rejects both for their ties, whatever their cumulants.
"""

from enum import IntEnum
from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from gradnoise.series import Rows, over_sorted_blocks

FEW = 16  # distinct values up to which a coordinate's law is simulated as it is


SILENT = 0.05  # expected share of batches all of whose samples have the most frequent value


class Values(IntEnum):
    """How the means of a coordinate's per-sample gradients can be foretold."""

    CONTINUOUS = 0  #: from their cumulants
    LATTICE = 1  #: from the law itself: few distinct values
    SPARSE = 2  #: not from cumulants: many batches are silent
    DEAD = 3  #: nothing to foretell: one value


class Frequencies(NamedTuple):
    """Of every column of values: how many are distinct, and the share of the most frequent one."""

    distinct: NDArray[np.int64]
    largest_share: NDArray[np.float64]


def frequencies(values: Rows) -> Frequencies:
    """Count the values of each column of (N, C) float32 or float64."""
    distinct = np.empty(values.shape[1], np.int64)
    longest = np.empty(values.shape[1], np.int64)
    over_sorted_blocks(
        values.T, lambda block, where: _count(block, distinct[where], longest[where])
    )
    return Frequencies(distinct, longest / max(1, len(values)))


def classify_values(found: Frequencies, batch_size: int) -> NDArray[np.int8]:
    """Class (`Values`) of each coordinate for batches of `batch_size`."""
    kind = np.full(found.distinct.shape, Values.CONTINUOUS, np.int8)
    # Later lines overrule earlier ones: few values that are mostly silent count as sparse.
    kind[found.distinct <= FEW] = Values.LATTICE
    kind[found.largest_share**batch_size > SILENT] = Values.SPARSE
    kind[found.distinct == 1] = Values.DEAD
    return kind


@numba.njit(nogil=True, cache=True)
def _count(rows, distinct, longest) -> None:  # type: ignore[no-untyped-def]
    for r in range(rows.shape[0]):
        # Rows are sorted: equal values are neighbours.
        count, run, most = 1, 1, 1
        for i in range(1, rows.shape[1]):
            if rows[r, i] == rows[r, i - 1]:
                run += 1
            else:
                count += 1
                run = 1
            most = max(most, run)
        distinct[r], longest[r] = count, most


def warm() -> None:
    """Compile, or load from the cache, what counts values."""
    frequencies(np.zeros((4, 1), np.float32))

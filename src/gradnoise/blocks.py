"""Many short series at once: blocks that fit the cache are gathered, sorted and handed to a kernel, on threads.

Sorting dominates every order statistic. NumPy sorts a row with vector instructions, in place and without
the interpreter's lock, so a block of rows that stays in the second-level cache is sorted and analysed while
it is there, and threads scale.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray

BLOCK_BYTES = 1 << 18
TILE = 16  # float32 values in a cache line

Rows = NDArray[Any]


def thread_count() -> int:
    """Threads this job may use: NUMBA_NUM_THREADS, else OMP_NUM_THREADS, else the processors it may run on."""
    if "NUMBA_NUM_THREADS" not in os.environ and os.environ.get("OMP_NUM_THREADS", "").isdigit():
        return max(1, int(os.environ["OMP_NUM_THREADS"]))
    return int(numba.config.NUMBA_NUM_THREADS)  # type: ignore[attr-defined]


def as_rows(samples: ArrayLike, axis: int) -> tuple[Rows, tuple[int, ...]]:
    """View of `samples` with one series per row, float32 or float64, and the shape of the result.

    float32 stays float32; everything else that is real becomes float64.

    Raises:
        TypeError: for values that are not real numbers.
        ValueError: for a scalar, or an axis that is not there.
    """
    array = np.asarray(samples)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"samples: found {array.dtype}; accepted: real numbers")
    if array.ndim == 0:
        raise ValueError("samples: found a scalar; accepted: an array of at least one dimension")
    if array.dtype != np.float32:
        array = array.astype(np.float64, copy=False)
    moved = np.moveaxis(array, axis, -1)
    shape = moved.shape[:-1]
    return moved.reshape(int(np.prod(shape, dtype=np.int64)), moved.shape[-1]), shape


def over_sorted_blocks(rows: Rows, work: Callable[[Rows, slice], None]) -> None:
    """Call `work(block, where)` with the sorted rows `rows[where]`, every row exactly once.

    The block is C-contiguous scratch memory that `work` may change. Calls run on `thread_count()` threads;
    `work` must only write to what belongs to `where`, so that results do not depend on their number.

    Args:
        rows: (series, n), any strides; left as it is. NaN sorts to the end.
        work: receives (block of shape (rows in the block, n), slice of rows).
    """
    count, length = rows.shape
    height = max(TILE, BLOCK_BYTES // max(1, length * rows.itemsize))
    starts = range(0, count, height)
    workers = min(thread_count(), len(starts))

    def worker(first: int) -> None:
        buffer = np.empty((min(height, count), length), rows.dtype)
        for start in starts[first::workers]:
            where = slice(start, min(start + height, count))
            block = buffer[: where.stop - start]
            _fill(block, rows[where])
            block.sort(axis=1)
            work(block, where)

    if workers == 1:
        worker(0)
    elif workers > 1:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(worker, range(workers)))


def _fill(block: Rows, rows: Rows) -> None:
    if rows.strides[1] == rows.itemsize:
        np.copyto(block, rows)
    else:
        transpose_into(block, rows)


@numba.njit(nogil=True, cache=True)
def transpose_into(block: Rows, rows: Rows) -> None:
    """Copy `rows`, whose neighbouring *rows* lie side by side in memory, into contiguous rows."""
    height, length = rows.shape
    for top in range(0, height, TILE):
        bottom = min(top + TILE, height)
        for left in range(0, length, TILE):
            for column in range(left, min(left + TILE, length)):
                # Along the cache line: each line of the source is read once, whatever its stride.
                for row in range(top, bottom):
                    block[row, column] = rows[row, column]

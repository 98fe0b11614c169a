"""Many short series at once: blocks that fit the cache are gathered, sorted and handed to a kernel, on threads.

Sorting dominates every order statistic. NumPy sorts a row with vector instructions, in place and without
the interpreter's lock, so a block of rows that stays in the second-level cache is sorted and analysed while
it is there, and threads scale.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradnoise import stage

BLOCK_BYTES = 1 << 19


LOWEST = 16  # rows of a block at least: the float32 values of a cache line


Rows = NDArray[Any]


def as_rows(samples: ArrayLike, axis: int) -> tuple[Rows, tuple[int, ...]]:
    """View of `samples` with one series per row, float32 or float64, and the shape of the result.

    float32 stays float32; everything else that is real becomes float64. What a mask hides is left out.

    Raises:
        TypeError: for values that are not real numbers.
        ValueError: for a scalar, an axis that is not there, or masks that leave the series different lengths.
    """
    # A list may hold masked arrays: NumPy's own conversion would drop their masks.
    array = samples if isinstance(samples, np.ndarray) else np.ma.asarray(samples)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"samples: found {array.dtype}; accepted: real numbers")
    if array.ndim == 0:
        raise ValueError("samples: found a scalar; accepted: an array of at least one dimension")
    if array.dtype != np.float32:
        array = array.astype(np.float64, copy=False)
    moved = np.moveaxis(np.asarray(array), axis, -1)
    shape = moved.shape[:-1]
    rows = moved.reshape(int(np.prod(shape, dtype=np.int64)), moved.shape[-1])
    if np.ma.is_masked(array):
        return _unmasked(rows, ~np.moveaxis(np.ma.getmaskarray(array), axis, -1)), shape
    return rows, shape


def _unmasked(rows: Rows, kept: NDArray[np.bool_]) -> Rows:
    """The values of each row that no mask hides."""
    kept = kept.reshape(rows.shape)
    lengths = np.unique(np.count_nonzero(kept, axis=1))
    if len(lengths) > 1:
        raise ValueError(
            f"samples: found masks that leave the series {lengths[0]} to {lengths[-1]} samples; "
            "equal numbers are needed, or one series at a time"
        )
    return rows[kept].reshape(len(rows), -1)


def over_sorted_blocks(rows: Rows, work: Callable[[Rows, slice], None]) -> None:
    """Call `work(block, where)` with the sorted rows `rows[where]`, every row exactly once.

    The block is C-contiguous scratch memory that `work` may change. Calls run on `stage.available_threads()` threads;
    `work` must only write to what belongs to `where`, so that results do not depend on their number.

    Args:
        rows: (series, n), any strides; left as it is. NaN sorts to the end.
        work: receives (block of shape (rows in the block, n), slice of rows).
    """
    count, length = rows.shape
    height = max(LOWEST, BLOCK_BYTES // max(1, length * rows.itemsize))
    starts = range(0, count, height)
    workers = min(stage.available_threads(), len(starts))

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
    if rows.strides[1] != rows.itemsize:
        # The strip is read along the cache lines and fits the cache; transposing straight out of a long array
        # misses at every value where its rows are a power of two apart.
        rows = np.ascontiguousarray(rows.T).T
    np.copyto(block, rows)

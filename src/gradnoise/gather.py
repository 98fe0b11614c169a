"""Mini-batch noise of any batch size out of stored per-sample gradients, at the speed of memory.

Where a sample's gradient does not depend on its batch mates, a mini-batch gradient is a mean of per-sample
gradients: a gather of rows and a sum. All batch sizes come from one pass over the draws. Columns are taken
in tiles so narrow that a tile of all samples stays in the processor's cache, where random rows are cheap.
"""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gradnoise.draws import Draws
from gradnoise.pieces import Pieces, positions

TILE = 32  # columns: two cache lines a row
RUN = 8  # rows added to the accumulators at a time


def gather_noise(
    gradients: NDArray[np.float32],
    full_gradient: NDArray[np.float64],
    indices: NDArray[np.int32],
    pieces: Pieces,
    threads: int | None = None,
) -> NDArray[np.float32]:
    """Noise of every batch: mean of its samples' gradients, minus the full gradient.

    Sums are float64. Every column is computed alone and in one order: its bits depend neither on the
    number of threads nor on the columns beside it.

    Args:
        gradients: float32 (N, C), per-sample gradients.
        full_gradient: float64 (C,).
        indices: int32, the samples of all pieces end to end (`gradnoise.pieces.positions`).
        pieces: how they make the batches.
        threads: number of threads; by default what the job was given.

    Returns:
        float32 (S, batches, C).
    """
    samples, columns = gradients.shape
    sizes = np.array(pieces.batch_sizes, np.int64)
    noise = np.empty((*pieces.first.shape, columns), np.float32)
    count = max(1, min(threads or available_threads(), -(-columns // TILE)))
    offsets = pieces.offsets

    def work(worker: int) -> None:
        tile = _aligned(samples)
        sums = np.empty((offsets.size - 1, TILE))
        for column in range(worker * TILE, columns, count * TILE):
            _fill(gradients, column, tile)
            _sum_pieces(tile, indices, offsets, sums)
            _subtract(sums, pieces.first, pieces.last, sizes, full_gradient, column, noise)

    with ThreadPoolExecutor(count) as pool:
        list(pool.map(work, range(count)))
    return noise


def gather_means(
    gradients: NDArray[np.float32], draws: Draws, pieces: Pieces, threads: int | None = None
) -> NDArray[np.float32]:
    """Mini-batch gradients themselves, float32 (S, batches, C); arguments as in `gather_noise`."""
    none = np.zeros(gradients.shape[1])
    return gather_noise(gradients, none, positions(draws, pieces), pieces, threads)


def available_threads() -> int:
    """Threads of this job: what its scheduler says (OMP_NUM_THREADS), else the processors it may use."""
    given = os.environ.get("OMP_NUM_THREADS", "")
    return int(given) if given.isdigit() and int(given) else len(os.sched_getaffinity(0))


def _aligned(samples: int) -> NDArray[np.float32]:
    """A tile whose rows begin where cache lines begin."""
    buffer = np.empty(samples * TILE * 4 + 64, np.uint8)
    begin = -buffer.ctypes.data % 64
    return buffer[begin : begin + samples * TILE * 4].view(np.float32).reshape(samples, TILE)


@njit(nogil=True, cache=True)
def _fill(gradients, column, tile) -> None:  # type: ignore[no-untyped-def]
    """Copy columns `column` to `column + TILE - 1`; zeros where there are no more."""
    width = gradients.shape[1] - column
    if width >= TILE:
        # A length known to the compiler makes this several times faster.
        for row in range(tile.shape[0]):
            for offset in range(TILE):
                tile[row, offset] = gradients[row, column + offset]
        return
    tile[:, width:] = 0
    for row in range(tile.shape[0]):
        for offset in range(width):
            tile[row, offset] = gradients[row, column + offset]


@njit(nogil=True, cache=True)
def _sum_pieces(tile, indices, offsets, sums) -> None:  # type: ignore[no-untyped-def]
    """Sums of the rows of every piece. Written out eight rows at a time for the vectoriser.

    Unsigned indices spare the test for negative ones.
    """
    for piece in range(sums.shape[0]):
        for column in range(TILE):
            sums[piece, column] = 0
        draw, stop = offsets[piece], offsets[piece + 1]
        while draw + RUN <= stop:
            a, b = np.uint64(indices[draw]), np.uint64(indices[draw + 1])
            c, d = np.uint64(indices[draw + 2]), np.uint64(indices[draw + 3])
            e, f = np.uint64(indices[draw + 4]), np.uint64(indices[draw + 5])
            g, h = np.uint64(indices[draw + 6]), np.uint64(indices[draw + 7])
            for column in range(TILE):
                left = (np.float64(tile[a, column]) + np.float64(tile[b, column])) + (
                    np.float64(tile[c, column]) + np.float64(tile[d, column])
                )
                right = (np.float64(tile[e, column]) + np.float64(tile[f, column])) + (
                    np.float64(tile[g, column]) + np.float64(tile[h, column])
                )
                sums[piece, column] += left + right
            draw += RUN
        for rest in range(draw, stop):
            row = np.uint64(indices[rest])
            for column in range(TILE):
                sums[piece, column] += np.float64(tile[row, column])


@njit(nogil=True, cache=True)
def _subtract(sums, first, last, sizes, full_gradient, column, noise) -> None:  # type: ignore[no-untyped-def]
    """Means of the batches out of their pieces, minus the full gradient."""
    width = min(TILE, noise.shape[2] - column)
    total = np.empty(TILE)
    for size in range(first.shape[0]):
        for batch in range(first.shape[1]):
            total[:] = 0
            for piece in range(first[size, batch], last[size, batch]):
                for offset in range(TILE):
                    total[offset] += sums[piece, offset]
            for offset in range(width):
                mean = total[offset] / sizes[size]
                noise[size, batch, column + offset] = mean - full_gradient[column + offset]

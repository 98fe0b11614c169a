"""Mini-batch noise of any batch size out of stored per-sample gradients, at the speed of memory.

Where a sample's gradient does not depend on its batch mates, a mini-batch gradient is a mean of per-sample
gradients: a gather of rows and a sum. All batch sizes come from one pass over the draws. A tile of some
samples and some columns at a time is copied into the processor's cache, where random rows are cheap, and
gives its share to every piece of every batch.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gradnoise import stage
from gradnoise.draws.batches import Draws
from gradnoise.draws.pieces import Pieces, cut, positions

TILE = 32  # columns of a tile: two cache lines a row
SAMPLES = 2048  # rows of a tile, 256 KiB: random rows come from the second-level cache
RUN = 8  # rows added to the sums at a time
DRAWS = 1 << 20  # sorted at a time: of all others two bytes are kept


@dataclass(frozen=True, eq=False)
class Plan:
    """Which rows of which tile make which piece.

    Attributes:
        pieces: how the pieces make the batches.
        rows: uint16, the draws of all pieces end to end, in each piece in the order of the samples; every
            one as its row in its tile of `SAMPLES` samples.
        bounds: int64 (P, tiles + 1); piece p draws rows[bounds[p, t] : bounds[p, t + 1]] of tile t.
    """

    pieces: Pieces
    rows: NDArray[np.uint16]
    bounds: NDArray[np.int64]


def plan(draws: Draws, pieces: Pieces) -> Plan:
    """Sort the draws of every piece by tile, once for all columns."""
    ends = np.cumsum(pieces.stop - pieces.start)
    tiles = -(-draws.sample_count // SAMPLES)
    span = tiles * SAMPLES
    rows = np.empty(ends[-1], np.uint16)
    bounds = np.empty((ends.size, tiles + 1), np.int64)
    first = begin = 0
    while first < ends.size:
        last = max(first + 1, int(np.searchsorted(ends, begin + DRAWS, side="right")))
        # One sort serves all columns. A key is piece * span + sample: sorted, every piece's draws lie together,
        # and within it those of one tile, in whichever order they were drawn.
        number = np.arange(first, last) * span
        keys = np.repeat(number, np.diff(ends[first:last], prepend=begin))
        keys += positions(draws, pieces, first, last)
        keys.sort()
        rows[begin : ends[last - 1]] = keys % SAMPLES
        edges = np.add.outer(number, np.arange(tiles + 1) * SAMPLES)
        bounds[first:last] = begin + np.searchsorted(keys, edges)
        first, begin = last, int(ends[last - 1])
    return Plan(pieces, rows, bounds)


def gather_noise(
    gradients: NDArray[np.float32],
    full_gradient: NDArray[np.float64],
    plan: Plan,
    threads: int | None = None,
) -> NDArray[np.float32]:
    """Noise of every batch: mean of its samples' gradients, minus the full gradient.

    Sums are float64. Every column is computed alone and in one order: its bits depend neither on the
    number of threads nor on the columns beside it.

    Args:
        gradients: float32 (N, C), per-sample gradients.
        full_gradient: float64 (C,).
        plan: of the draws.
        threads: number of threads; by default what the job was given.

    Returns:
        float32 (S, batches, C).
    """
    columns, pieces = gradients.shape[1], plan.pieces
    sizes = np.array(pieces.batch_sizes, np.int64)
    noise = np.empty((*pieces.first.shape, columns), np.float32)
    count = max(1, min(threads or stage.available_threads(), -(-columns // TILE)))

    def work(worker: int) -> None:
        tile = _aligned(min(SAMPLES, len(gradients)))
        sums = np.empty((len(plan.bounds), TILE))
        for column in range(worker * TILE, columns, count * TILE):
            sums[:] = 0
            for number, start in enumerate(range(0, len(gradients), SAMPLES)):
                _fill(gradients, start, column, tile)
                _add_rows(tile, plan.rows, plan.bounds, number, sums)
            _subtract(sums, pieces.first, pieces.last, sizes, full_gradient, column, noise)

    with ThreadPoolExecutor(count) as pool:
        list(pool.map(work, range(count)))
    return noise


def gather_means(
    gradients: NDArray[np.float32], draws: Draws, pieces: Pieces, threads: int | None = None
) -> NDArray[np.float32]:
    """Mini-batch gradients themselves, float32 (S, batches, C); arguments as in `gather_noise`."""
    return gather_noise(gradients, np.zeros(gradients.shape[1]), plan(draws, pieces), threads)


def warm() -> None:
    """Compile, or load from the cache, everything that `gather_noise` runs."""
    gradients = np.zeros((8, 2), np.float32)
    draws = Draws(0, 0, "with_replacement", 8)
    for columns in (gradients, gradients[:, :1]):  # in one piece, and cut out of wider rows
        gather_means(columns, draws, cut(draws, (2,), 1))


def _aligned(samples: int) -> NDArray[np.float32]:
    """A tile whose rows begin where cache lines begin."""
    buffer = np.empty(samples * TILE * 4 + 64, np.uint8)
    begin = -buffer.ctypes.data % 64
    return buffer[begin : begin + samples * TILE * 4].view(np.float32).reshape(samples, TILE)


@njit(nogil=True, cache=True)
def _fill(gradients, start, column, tile) -> None:  # type: ignore[no-untyped-def]
    """Copy the samples from `start` at the columns from `column`; zeros where there are no more columns."""
    width = gradients.shape[1] - column
    count = min(tile.shape[0], gradients.shape[0] - start)
    if width >= TILE:
        # A length known to the compiler makes this several times faster.
        for row in range(count):
            for offset in range(TILE):
                tile[row, offset] = gradients[start + row, column + offset]
        return
    tile[:, width:] = 0
    for row in range(count):
        for offset in range(width):
            tile[row, offset] = gradients[start + row, column + offset]


@njit(nogil=True, cache=True)
def _add_rows(tile, rows, bounds, number, sums) -> None:  # type: ignore[no-untyped-def]
    """Add the rows that tile `number` gives to every piece, eight at a time."""
    for piece in range(sums.shape[0]):
        draw, stop = bounds[piece, number], bounds[piece, number + 1]
        while draw + RUN <= stop:
            # The sums are float64 and as wide as two rows: to read and write them for every row would take
            # longer than the additions. Eight rows share one such way; as a tree, they need not wait for
            # each other. The order is fixed, so that no bit depends on threads or neighbouring columns.
            a, b, c, d = rows[draw], rows[draw + 1], rows[draw + 2], rows[draw + 3]
            e, f, g, h = rows[draw + 4], rows[draw + 5], rows[draw + 6], rows[draw + 7]
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
            row = rows[rest]
            for column in range(TILE):
                sums[piece, column] += np.float64(tile[row, column])


@njit(nogil=True, cache=True)
def _subtract(sums, first, last, sizes, full_gradient, column, noise) -> None:  # type: ignore[no-untyped-def]
    """Means of the batches out of their pieces, minus the full gradient."""
    width = min(TILE, noise.shape[2] - column)
    total = np.empty(TILE)
    for size in range(first.shape[0]):
        for batch in range(first.shape[1]):
            # Sums are added before the one division: every size sees the same sums of its pieces.
            total[:] = 0
            for piece in range(first[size, batch], last[size, batch]):
                for offset in range(TILE):
                    total[offset] += sums[piece, offset]
            for offset in range(width):
                mean = total[offset] / sizes[size]
                noise[size, batch, column + offset] = mean - full_gradient[column + offset]

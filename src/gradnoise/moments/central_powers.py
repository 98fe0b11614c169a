"""Sums of the powers of per-sample gradients about a centre, without keeping the gradients.

    sum_i d_i,   sum_i d_i^2,   sum_i |d_i|^3,   sum_i d_i^3,   sum_i d_i^4,        d_i = g_i - centre,

in float64 throughout, so that neither a mean far above the deviation nor noise of 1e-60 matters. The centre is a
mean known beforehand (the third absolute moment about the mean allows no single pass); the first power
takes out what rounding left in it. A gradient is formed in tiles that stay in the first-level cache and dropped:
whole per-sample gradients of a large layer would cost more in memory traffic than in arithmetic.

Why not by matrix products: of a linear layer with one position the *raw* moments factor into five of them,
but |g - mean|^3 does not, so that its per-sample values must be formed anyway.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradnoise.moments.kernels import (
    POWERS,
    TOGETHER,
    WIDTH,
    add_chosen,
    add_gradients,
    add_products,
    finish,
)

Work = Callable[[], None]
Floats = NDArray[np.float64]
Singles = NDArray[np.float32]


class Moments(NamedTuple):
    """Moments of the per-sample gradient over all samples, float64 arrays of one shape.

    `mean` is in loss per unit of the parameter; `variance`, `third_absolute` E|g - mean|^3, `third` and `fourth`
    are central, divided by the number of samples, in powers of that unit.
    """

    mean: Floats
    variance: Floats
    third_absolute: Floats
    third: Floats
    fourth: Floats


@dataclass(frozen=True, eq=False)
class PowerSums:
    """Running sums for a matrix of coordinates, `columns` to a row, in blocks of `WIDTH` columns.

    Samples are added by `run`ning the work that the methods give. No two pieces of one list touch the same
    sums, so that results do not depend on the number of threads.

    Attributes:
        columns: coordinates to a row.
        centre: (rows, blocks, WIDTH), zero beyond the columns.
        sums: (rows, blocks, POWERS * WIDTH).
    """

    columns: int
    centre: Floats
    sums: Floats

    @classmethod
    def about(cls, centre: ArrayLike) -> Self:
        """No samples yet, about a centre of shape (rows, columns)."""
        centre = np.asarray(centre, np.float64)
        rows, columns = centre.shape
        blocks = -(-columns // WIDTH)
        padded = np.zeros((rows, blocks * WIDTH))
        padded[:, :columns] = centre
        sums = np.zeros((rows, blocks, POWERS * WIDTH))
        return cls(columns, padded.reshape(rows, blocks, WIDTH), sums)

    def gradients(self, gradients: Singles) -> list[Work]:
        """Work that adds samples whose gradients are there, float32 (n, rows * columns)."""
        rows, blocks = self.centre.shape[:2]
        split = gradients.reshape(len(gradients), rows, self.columns)
        return _ranges(partial(add_gradients, split, self.centre, self.sums), rows * blocks, 64)

    def products(
        self,
        inputs: Singles,
        error: Singles,
        offset: NDArray[np.int64],
        base: NDArray[np.int64],
    ) -> list[Work]:
        """Work that adds samples whose gradient of (o, k) is sum_p error[i, o, p] inputs[i, offset[k] + base[p]].

        Args:
            inputs: (n, L).
            error: (n, rows, P).
            offset: (columns,).
            base: (P,).
        """
        rows, blocks = self.centre.shape[:2]
        samples, positions = len(error), len(base)
        groups, parts = -(-samples // TOGETHER), -(-positions // TOGETHER)
        # Four samples by four positions beside each other: what a kernel multiplies at once lies together.
        padded = np.zeros((groups * TOGETHER, rows, parts * TOGETHER), np.float32)
        padded[:samples, :, :positions] = error
        packed = padded.reshape(groups, TOGETHER, rows, parts, TOGETHER).transpose(2, 0, 3, 1, 4)
        error = np.ascontiguousarray(packed).reshape(rows, groups, parts, TOGETHER**2)
        unsigned = offset.astype(np.uint32)
        add = partial(add_products, inputs, error, unsigned, base, self.centre, self.sums)
        return _ranges(add, blocks, 1)

    def chosen(
        self,
        inputs: Singles,
        error: Singles,
        offset: NDArray[np.int64],
        base: NDArray[np.int64],
        row: NDArray[np.int64],
        column: NDArray[np.int64],
    ) -> list[Work]:
        """The same at chosen coordinates (row[c], column[c]) only, one row of sums.

        Args:
            inputs: (L, n), samples last, so that they fill the vector registers.
            error: (rows, P, n).
            offset, base: as in `products`.
            row, column: (C,).
        """
        # By column: neighbours in this order read the same inputs.
        order = np.argsort(column, kind="stable")
        flat = self.centre.reshape(-1), self.sums.reshape(-1)
        return [
            partial(add_chosen, inputs, error, offset, base, row, column, some, *flat)
            for some in np.array_split(order, -(-len(order) // 1024))
        ]

    def moments(self, samples: int, threads: int = 1) -> Moments:
        """Moments over so many samples, each (rows, columns).

        A deviation below the rounding of float32 gradients about their mean counts as none.
        """
        moments = np.zeros((POWERS, len(self.centre), self.columns))
        each = partial(finish, self.centre, self.sums, samples, self.columns)
        rows = range(len(self.centre))
        run([partial(each, moments, row, row + 1) for row in rows], threads)
        return Moments(*moments)


def run(work: Sequence[Work], threads: int, pool: Executor | None = None) -> None:
    """Do all work, on this thread and `threads` - 1 others (of the pool, where there is one)."""
    # One iterator for all threads: whoever is free takes the next. No sum is touched by two pieces.
    waiting = iter(work)

    def drain() -> None:
        for each in waiting:
            each()

    if threads == 1 or len(work) < 2:
        drain()
    elif pool is None:
        with ThreadPoolExecutor(threads - 1) as own:
            run(work, threads, own)
    else:
        others = [pool.submit(drain) for _ in range(threads - 1)]
        drain()
        for other in others:
            other.result()


def _ranges(add: Callable[[int, int], None], count: int, step: int) -> list[Work]:
    """Calls `add(first, last)` that together cover `range(count)`."""
    return [partial(add, first, min(first + step, count)) for first in range(0, count, step)]

"""Sums of the powers of per-sample gradients about a centre, without keeping the gradients.

    sum_i d_i,   sum_i d_i^2,   sum_i |d_i|^3,   sum_i d_i^3,   sum_i d_i^4,        d_i = g_i - centre,

in float64 throughout, so that neither a mean far above the deviation nor noise of 1e-60 matters. The centre is a
mean known beforehand (the third absolute moment about the mean allows no single pass); the first power
takes out what rounding left in it. A gradient is formed in tiles that stay in the first-level cache and dropped:
whole per-sample gradients of a large layer would cost more in memory traffic than in arithmetic.

Why not by matrix products: of a linear layer with one position the *raw* moments factor into five of them,
but |g - mean|^3 does not, so that its per-sample values must be formed anyway.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradnoise.power_kernels import (
    POWERS,
    TOGETHER,
    WIDTH,
    add_chosen,
    add_gradients,
    add_products,
    fill_patches,
)

PARTS = 4  # pieces of work for every thread, so that none waits long for the slowest
ROUNDING = 2.0**-23  # of float32

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

    Attributes:
        columns: coordinates to a row.
        centre: (rows, blocks, WIDTH), zero beyond the columns.
        sums: (rows, blocks, POWERS, WIDTH).
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
        sums = np.zeros((rows, blocks, POWERS, WIDTH))
        return cls(columns, padded.reshape(rows, blocks, WIDTH), sums)

    def add_gradients(self, gradients: Singles, threads: int) -> None:
        """Add samples whose gradients are there, float32 (n, rows * columns)."""
        rows, blocks = self.centre.shape[:2]
        gradients = gradients.reshape(len(gradients), rows, self.columns)
        sums = self.sums.reshape(rows, blocks, -1)
        _on_threads(
            lambda first, last: add_gradients(gradients, self.centre, sums, first, last),
            rows * blocks,
            threads,
        )

    def add_products(
        self,
        inputs: Singles,
        error: Singles,
        offset: NDArray[np.int64],
        base: NDArray[np.int64],
        threads: int,
    ) -> None:
        """Add samples whose gradient of (o, k) is sum_p error[i, o, p] inputs[i, offset[k] + base[p]].

        Args:
            inputs: (n, L).
            error: (n, rows, P).
            offset: (columns,).
            base: (P,).
            threads: number of threads, on which no result depends.
        """
        rows, blocks = self.centre.shape[:2]
        samples, positions = len(error), len(base)
        groups, parts = -(-samples // TOGETHER), -(-positions // TOGETHER)
        padded = np.zeros((groups * TOGETHER, rows, parts * TOGETHER), np.float32)
        padded[:samples, :, :positions] = error
        packed = padded.reshape(groups, TOGETHER, rows, parts, TOGETHER).transpose(2, 0, 3, 1, 4)
        error = np.ascontiguousarray(packed).reshape(rows, groups, parts, TOGETHER**2)
        patches = np.zeros((blocks, groups, parts, TOGETHER**2, WIDTH), np.float32)
        _on_threads(
            lambda first, last: fill_patches(inputs, offset, base, patches, first, last),
            blocks,
            threads,
        )
        flat = patches.reshape(blocks, groups, parts, -1)
        sums = self.sums.reshape(rows, blocks, -1)
        _on_threads(
            lambda first, last: add_products(error, flat, samples, self.centre, sums, first, last),
            rows,
            threads,
        )

    def add_chosen(
        self,
        inputs: Singles,
        error: Singles,
        offset: NDArray[np.int64],
        base: NDArray[np.int64],
        row: NDArray[np.int64],
        column: NDArray[np.int64],
        threads: int,
    ) -> None:
        """The same at chosen coordinates (row[c], column[c]) only, one row of sums.

        Args:
            inputs: (L, n), samples last, so that they fill the vector registers.
            error: (rows, P, n).
            offset, base: as in `add_products`.
            row, column: (C,).
            threads: number of threads, on which no result depends.
        """
        order = np.argsort(column, kind="stable")
        flat = self.centre.reshape(-1), self.sums.reshape(-1)
        _on_threads(
            lambda first, last: add_chosen(
                inputs, error, offset, base, row, column, order[first:last], *flat
            ),
            len(order),
            threads,
        )

    def moments(self, samples: int) -> Moments:
        """Moments over so many samples, each (rows, columns).

        A deviation below the rounding of float32 gradients about their mean counts as none.
        """
        rows = len(self.centre)
        first, second, absolute, third, fourth = (
            self.sums[:, :, power].reshape(rows, -1)[:, : self.columns] / samples
            for power in range(POWERS)
        )
        mean = self.centre.reshape(rows, -1)[:, : self.columns] + first
        variance = np.maximum(second - first**2, 0)
        varies = variance > (ROUNDING * mean) ** 2
        central = (
            variance,
            absolute,
            third - 3 * first * second + 2 * first**3,
            fourth - 4 * first * third + 6 * first**2 * second - 3 * first**4,
        )
        return Moments(mean, *(np.where(varies, moment, 0.0) for moment in central))


def _on_threads(part: Callable[[int, int], None], count: int, threads: int) -> None:
    """Call `part(first, last)` on ranges that together cover `range(count)`."""
    pieces = 1 if threads == 1 else min(count, PARTS * threads)
    bounds = [count * piece // pieces for piece in range(pieces + 1)] if count else []
    if pieces == 1:
        part(0, count)
        return
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(part, bounds[:-1], bounds[1:]))

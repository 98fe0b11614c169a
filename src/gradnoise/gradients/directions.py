"""Random directions of a layer, onto which gradients are projected at the cost of one pass over them.

Single coordinates are a choice of basis; the same statistics along random directions of the whole layer
do not depend on it. A large layer uses a *count sketch* (Charikar, Chen and Farach-Colton 2002): every
coordinate belongs to exactly one direction, with a random sign, so that all directions together cost one
pass. Hash and sign are products over the two axes of the weight (the TensorSketch of Pham and Pagh 2013),

    direction of (o, k) = (a[o] + b[k]) mod D,      sign of (o, k) = s[o] t[k],

so a rank-one gradient (error times input) sketches as the circular convolution of two small sketches,
without ever being formed. Small layers, where a share would hold only a few coordinates, use dense
Gaussian directions instead. Every direction has unit Euclidean length.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numba import njit
from numpy.typing import NDArray

from gradnoise.draws.streams import Stream, generator
from gradnoise.errors import InputError

# Below this many coordinates a share, a random-sign sum is still close to a single coordinate.
SHARE = 50

Sketch = tuple[
    NDArray[np.int32],
    NDArray[np.float32],
    NDArray[np.int32],
    NDArray[np.float32],
    NDArray[np.float32],
]


@dataclass(frozen=True, eq=False)
class Directions:
    """The random directions of one parameter, seen as a matrix of `rows` x `columns`.

    Attributes:
        count: number of directions D.
        rows: length of the parameter's first axis, O.
        columns: product of its other axes, K.
        dense: float32 (O * K, D), unit columns; None for a sketch.
        row_bucket, column_bucket: int32 (O,) and (K,), values 0 to D - 1; empty when dense.
        row_sign, column_sign: float32 (O,) and (K,), plus or minus 1; empty when dense.
        scale: float32 (D,), 1 / sqrt(coordinates of the direction); empty when dense.
    """

    count: int
    rows: int
    columns: int
    dense: NDArray[np.float32] | None
    row_bucket: NDArray[np.int32]
    row_sign: NDArray[np.float32]
    column_bucket: NDArray[np.int32]
    column_sign: NDArray[np.float32]
    scale: NDArray[np.float32]

    @property
    def sketch(self) -> Sketch:
        """The tables of a sketch, as the kernels take them."""
        return (
            self.row_bucket,
            self.row_sign,
            self.column_bucket,
            self.column_sign,
            self.scale,
        )


_EMPTY = np.empty(0, np.int32), np.empty(0, np.float32)
NONE = Directions(0, 0, 0, None, *_EMPTY, *_EMPTY, _EMPTY[1])


def draw(name: str, shape: Sequence[int], count: int, seed: int) -> Directions:
    """Draw `count` unit directions of the parameter `name`.

    Args:
        name: the parameter's name; with `seed` it decides everything that is random.
        shape: the parameter's shape; its first axis gives the rows, the rest the columns.
        count: number of directions D, at least 1.
        seed: experiment seed.

    Returns:
        A sketch when the layer has more than `SHARE` coordinates for every direction, else dense ones.

    Raises:
        InputError: for a count below 1.
    """
    if count < 1:
        raise InputError(f"directions of {name}: found {count}; at least 1 is needed")
    random = generator(seed, Stream.DIRECTIONS, name)
    rows = int(shape[0]) if len(shape) else 1
    columns = int(np.prod(shape[1:], dtype=np.int64))
    if rows * columns <= SHARE * count:
        drawn = random.standard_normal((rows * columns, count))
        dense = (drawn / np.linalg.norm(drawn, axis=0)).astype(np.float32)
        return Directions(count, rows, columns, dense, *_EMPTY, *_EMPTY, _EMPTY[1])
    # The order of these draws is part of the result: another would give other directions for the same seed.
    row_bucket, column_bucket = _buckets(random, rows, count), _buckets(random, columns, count)
    row_sign, column_sign = _signs(random, rows), _signs(random, columns)
    # Coordinates of every direction: rows in bucket r meet columns in bucket c in direction (r + c) mod D.
    share = np.zeros(count)
    for bucket in row_bucket:
        share += np.roll(np.bincount(column_bucket, minlength=count), bucket)
    scale = (1 / np.sqrt(np.maximum(share, 1))).astype(np.float32)
    return Directions(
        count, rows, columns, None, row_bucket, row_sign, column_bucket, column_sign, scale
    )


def project(directions: Directions, gradients: torch.Tensor) -> torch.Tensor:
    """Inner products of gradients with every direction.

    Args:
        directions: D directions of a layer of `size` coordinates.
        gradients: float32 (n, size), on any device, without history.

    Returns:
        float32 (n, D) on the same device.
    """
    if directions.dense is not None:
        return gradients @ device_tables(directions, gradients.device).dense
    if gradients.device.type != "cpu":
        return sketch_by_torch(directions, gradients)
    projected = gradients.new_empty(len(gradients), directions.count)
    stacked = gradients.contiguous().view(-1, directions.rows, directions.columns)
    _sketch(stacked.numpy(), directions.sketch, projected.numpy())
    return projected


def sketch_by_torch(directions: Directions, gradients: torch.Tensor) -> torch.Tensor:
    """Sketch on an accelerator; arguments as in `project`."""
    tables = device_tables(directions, gradients.device)
    stacked = gradients.reshape(-1, directions.rows, directions.columns)
    within = gradients.new_zeros(len(gradients), directions.rows, directions.count)
    within.index_add_(2, tables.column_bucket, stacked * tables.column_sign)
    within *= tables.row_sign[:, None]
    projected = gradients.new_zeros(len(gradients), directions.count)
    projected.index_add_(1, tables.shifted_bucket, within.flatten(start_dim=1))
    return projected * tables.scale


@dataclass(frozen=True)
class Tables:
    """The tables of `Directions` as tensors of one device.

    `shifted_bucket` (O * D,) is the direction to which bucket d of row o is added.
    """

    dense: torch.Tensor
    row_bucket: torch.Tensor
    row_sign: torch.Tensor
    column_bucket: torch.Tensor
    column_sign: torch.Tensor
    scale: torch.Tensor
    shifted_bucket: torch.Tensor


@lru_cache(maxsize=1024)
def device_tables(directions: Directions, device: torch.device) -> Tables:
    """Copy the tables to a device, once."""
    shifted = np.add.outer(directions.row_bucket, np.arange(directions.count)) % directions.count
    dense = np.empty((0, 0), np.float32) if directions.dense is None else directions.dense
    arrays = dense, *directions.sketch, shifted.reshape(-1)
    return Tables(*(torch.from_numpy(array).to(device) for array in arrays))


def _buckets(random: np.random.Generator, size: int, count: int) -> NDArray[np.int32]:
    """Random buckets, as equally filled as possible, so that shares differ little in size."""
    filled = np.arange(size) % count if size >= count else random.permutation(count)[:size]
    return random.permutation(filled).astype(np.int32)


def _signs(random: np.random.Generator, size: int) -> NDArray[np.float32]:
    return (2 * random.integers(0, 2, size) - 1).astype(np.float32)


@njit(nogil=True, cache=True)
def _sketch(gradients, sketch, projected) -> None:  # type: ignore[no-untyped-def]
    """Rows of one bucket into one row, by vector additions; then its columns into D buckets, shifted."""
    row_bucket, row_sign, column_bucket, column_sign, scale = sketch
    samples, _, columns = gradients.shape
    count = projected.shape[1]
    order = np.argsort(row_bucket, kind="mergesort")
    buckets = np.unique(row_bucket)
    # Bucket number b holds the rows order[bounds[b] : bounds[b + 1]].
    bounds = np.append(np.searchsorted(row_bucket[order], buckets), order.size)
    within = np.empty((4, count), np.float32)
    merged = np.zeros((4, columns), np.float32)
    total = np.empty(2 * count, np.float64)
    for sample in range(samples):
        total[:] = 0
        for start in range(0, buckets.size, 4):
            among = min(4, buckets.size - start)
            for part in range(among):
                rows = order[bounds[start + part] : bounds[start + part + 1]]
                _merge(gradients[sample], rows, row_sign, merged[part])
            _into_buckets(merged, column_bucket, column_sign, within)
            for part in range(among):
                shift = buckets[start + part]
                for bucket in range(count):
                    total[shift + bucket] += within[part, bucket]
        # Twice D buckets and one fold at the end: no modulo in the inner loop.
        for bucket in range(count):
            projected[sample, bucket] = scale[bucket] * (total[bucket] + total[count + bucket])


@njit(nogil=True, cache=True)
def _merge(gradient, rows, row_sign, merged) -> None:  # type: ignore[no-untyped-def]
    """Signed sum of some rows of one gradient (O, K)."""
    merged[:] = 0
    for row in rows:
        sign, values = row_sign[row], gradient[row]
        for column in range(merged.size):
            merged[column] += sign * values[column]


@njit(nogil=True, cache=True)
def _into_buckets(merged, column_bucket, column_sign, within) -> None:  # type: ignore[no-untyped-def]
    """Columns of four rows into their buckets; four, since additions to the same bucket wait for each other."""
    one, two, three, four = merged
    first, second, third, fourth = within
    within[:] = 0
    for column in range(column_bucket.size):
        bucket, sign = column_bucket[column], column_sign[column]
        first[bucket] += sign * one[column]
        second[bucket] += sign * two[column]
        third[bucket] += sign * three[column]
        fourth[bucket] += sign * four[column]


def warm() -> None:
    """Compile the kernel, for its cache."""
    project(draw("warm", (SHARE, 2), 1, 0), torch.zeros(1, 2 * SHARE))

"""Per-sample weight gradients from a layer's input and error, at the chosen coordinates and directions only.

The gradient of a weight (o, k) for sample i is a sum over the positions p at which the layer applies it,

    g[i, o, k] = sum_p error[i, o, p] input[i, offset[k] + base[p]],

where `error` is the gradient of the sample's loss with respect to the layer's output, and `input` is
flattened after padding. `Contraction` holds these for convolutions of any dimension, stride, dilation and
grouping, and for linear layers with any number of extra dimensions.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from numba import njit
from numpy.typing import NDArray

from gradnoise.gradients import directions as random_directions
from gradnoise.gradients.selections import Selection, project_rows, select

ELEMENTS = 1 << 24  # largest temporary, in numbers
TILE = 1 << 16  # numbers of a patch table that stays in the second-level cache

Rows = tuple[torch.Tensor, torch.Tensor]


@dataclass(frozen=True)
class Contraction:
    """Input and error of one call of a layer.

    Attributes:
        inputs: float32 (n, L), each sample's padded input, flattened.
        error: float32 (n, O, P).
        offset: int64 (groups * K,) position in `inputs` of every weight column at the first output position.
        base: int64 (P,) shift of every output position.
        groups: number of equal parts into which rows and columns fall.
    """

    inputs: torch.Tensor
    error: torch.Tensor
    offset: NDArray[np.int64]
    base: NDArray[np.int64]
    groups: int

    def samples(self, first: int, last: int) -> "Contraction":
        """The same of a range of samples."""
        return Contraction(
            self.inputs[first:last], self.error[first:last], self.offset, self.base, self.groups
        )

    def patches(self) -> torch.Tensor:
        """The inputs that meet every weight column, float32 (n, groups * K, P)."""
        index = torch.from_numpy(np.add.outer(self.offset, self.base)).to(self.inputs.device)
        gathered = self.inputs.index_select(1, index.view(-1))
        return gathered.view(len(self.inputs), *index.shape)


def contract(contraction: Contraction, selection: Selection) -> Rows:
    """Per-sample gradients of a weight at the selection, float32 (n, C) and (n, D)."""
    directions = selection.directions
    # Dense directions need all coordinates; a grouped layer's sketch is no product over its two axes; and
    # where most coordinates are chosen, matrix products beat single dot products.
    dense = directions is not None and (directions.dense is not None or contraction.groups > 1)
    if dense or 2 * len(selection.coordinates) > selection.size:
        return _in_parts(_by_matrix_products, contraction, selection, selection.size)
    if contraction.error.device.type == "cpu":
        if _cheap_as_products(selection, len(contraction.base)):
            return _in_parts(_by_matrix_products, contraction, selection, selection.size)
        return _gathered_on_cpu(contraction, selection)
    gathered = 2 * len(selection.coordinates) * len(contraction.base)
    return _in_parts(gathered_by_torch, contraction, selection, gathered)


def _cheap_as_products(selection: Selection, positions: int) -> bool:
    """Whether whole gradients by matrix products take less than dot products, on a processor.

    At every position these cost what the coordinates and the square of the directions do, whole gradients a quarter
    of that for an element, and eight positions' worth to be written and read again (both measured).
    """
    single = len(selection.coordinates) + selection.direction_count**2
    return selection.size * (positions + 8) < 4 * positions * single


def _in_parts(
    method: Callable[[Contraction, Selection], Rows],
    contraction: Contraction,
    selection: Selection,
    size: int,
) -> Rows:
    """Apply a method to so few samples at a time that its temporaries stay below `ELEMENTS`."""
    size += len(contraction.offset) * len(contraction.base)
    step = max(1, ELEMENTS // size)
    parts = [
        method(contraction.samples(first, first + step), selection)
        for first in range(0, len(contraction.error), step)
    ]
    return torch.cat([part[0] for part in parts]), torch.cat([part[1] for part in parts])


def _by_matrix_products(contraction: Contraction, selection: Selection) -> Rows:
    """Form the whole gradients, by matrix products, and project them."""
    samples, rows, positions = contraction.error.shape
    groups = contraction.groups
    error = contraction.error.view(samples * groups, rows // groups, positions)
    patches = contraction.patches().view(samples * groups, -1, positions)
    gradients = torch.bmm(error, patches.transpose(1, 2))
    return project_rows(selection, gradients.view(samples, -1))


def row_and_column(
    contraction: Contraction, selection: Selection
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Row of the error and row of the patch table that make each chosen coordinate."""
    columns = len(contraction.offset) // contraction.groups
    row, column = np.divmod(selection.coordinates, columns)
    group = row // (contraction.error.shape[1] // contraction.groups)
    return row, column + group * columns


def gathered_by_torch(contraction: Contraction, selection: Selection) -> Rows:
    """Gather the chosen rows and columns; the sketch by Fourier transform. For accelerators."""
    device = contraction.error.device
    row, column = (torch.from_numpy(index) for index in row_and_column(contraction, selection))
    patches = contraction.patches()
    chosen = torch.einsum(
        "ncp,ncp->nc",
        contraction.error.index_select(1, row.to(device)),
        patches.index_select(1, column.to(device)),
    )
    directions = selection.directions
    if directions is None:
        return chosen, chosen.new_empty(len(chosen), 0)
    tables = random_directions.device_tables(directions, device)
    shape = (len(chosen), directions.count, len(contraction.base))
    row_sketch, column_sketch = chosen.new_zeros(shape), chosen.new_zeros(shape)
    row_sketch.index_add_(1, tables.row_bucket, contraction.error * tables.row_sign[:, None])
    column_sketch.index_add_(1, tables.column_bucket, patches * tables.column_sign[:, None])
    product = torch.fft.rfft(row_sketch, dim=1) * torch.fft.rfft(column_sketch, dim=1)
    circular = torch.fft.irfft(product.sum(dim=2), n=directions.count, dim=1)
    return chosen, circular * tables.scale


def _gathered_on_cpu(contraction: Contraction, selection: Selection) -> Rows:
    """The compiled kernel, on as many threads as torch uses; no sample's result depends on them."""
    samples = len(contraction.error)
    directions = selection.directions or random_directions.NONE
    chosen = np.zeros((samples, len(selection.coordinates)), np.float32)
    projected = np.zeros((samples, directions.count), np.float32)
    (row, column), offset = row_and_column(contraction, selection), contraction.offset
    if selection.directions is None:
        # Only directions need the inputs of every column.
        needed, column = np.unique(column, return_inverse=True)
        offset = offset[needed]
    geometry, place = (offset, contraction.base), (row, column)
    inputs = contraction.inputs.contiguous().numpy()
    error = contraction.error.contiguous().numpy()

    # Threads take samples, never parts of one: a sample's sums have one order.
    def part(first: int, last: int) -> None:
        samples = slice(first, last)
        found = chosen[samples], projected[samples]
        _contract(inputs[samples], error[samples], geometry, place, directions.sketch, *found)

    bounds = list(_parts(samples, torch.get_num_threads()))
    if len(bounds) == 1:
        part(*bounds[0])
    else:
        with ThreadPoolExecutor(len(bounds)) as pool:
            list(pool.map(part, *zip(*bounds, strict=True)))
    return torch.from_numpy(chosen), torch.from_numpy(projected)


def _parts(count: int, parts: int) -> Iterator[tuple[int, int]]:
    """Split a range into at most so many nearly equal, non-empty ones."""
    parts = max(1, min(parts, count))
    for part in range(parts):
        yield count * part // parts, count * (part + 1) // parts


@njit(nogil=True, cache=True, fastmath={"reassoc", "contract", "nsz"})
def _contract(inputs, error, geometry, place, sketch, chosen, projected) -> None:  # type: ignore[no-untyped-def]
    """Tables of patches for a few positions at a time, then short dot products and a small convolution."""
    (offset, base), (row, column) = geometry, place
    samples, _, positions = error.shape
    columns, count = offset.size, projected.shape[1]
    tile = max(1, min(positions, TILE // columns))
    patch = np.empty((columns, tile), np.float32)
    row_sketch = np.empty((tile, count), np.float32)
    column_sketch = np.empty((tile, count), np.float32)
    total = np.empty(2 * count, np.float32)
    for sample in range(samples):
        total[:] = 0
        for first in range(0, positions, tile):
            width = min(tile, positions - first)
            for k in range(columns):
                for p in range(width):
                    patch[k, p] = inputs[sample, offset[k] + base[first + p]]
            # One patch table serves all chosen coordinates and the sketch while it is in the cache.
            for c in range(row.size):
                dot = np.float32(0)
                for p in range(width):
                    dot += error[sample, row[c], first + p] * patch[column[c], p]
                chosen[sample, c] += dot
            if count > 0:
                _sketch_patches(
                    error[sample], patch, first, width, sketch, row_sketch, column_sketch
                )
                # A circular convolution, unrolled over twice D buckets: no modulo in the inner loop.
                for p in range(width):
                    for d in range(count):
                        factor = row_sketch[p, d]
                        for e in range(count):
                            total[d + e] += factor * column_sketch[p, e]
        scale = sketch[4]
        for d in range(count):
            projected[sample, d] = scale[d] * (total[d] + total[count + d])


@njit(nogil=True, cache=True)
def _sketch_patches(error, patch, first, width, sketch, row_sketch, column_sketch) -> None:  # type: ignore[no-untyped-def]
    """Sketches of the error (O, P) and of the patches (K, tile) at the positions of a tile, (tile, D) each."""
    row_bucket, row_sign, column_bucket, column_sign, _ = sketch
    row_sketch[:] = 0
    column_sketch[:] = 0
    for o in range(error.shape[0]):
        for p in range(width):
            row_sketch[p, row_bucket[o]] += row_sign[o] * error[o, first + p]
    for k in range(patch.shape[0]):
        for p in range(width):
            column_sketch[p, column_bucket[k]] += column_sign[k] * patch[k, p]


def warm() -> None:
    """Compile the kernel, for its cache."""
    selections = select({"warm": torch.zeros(random_directions.SHARE, 2)}, 1, 1, 0)
    offset, base = np.arange(2), np.zeros(1, np.int64)
    error = torch.zeros(1, random_directions.SHARE, 1)
    contract(Contraction(torch.zeros(1, 2), error, offset, base, 1), selections["warm"])

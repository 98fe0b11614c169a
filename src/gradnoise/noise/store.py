"""Noise of every parameter in a Zarr store: written by blocks of batches, read by blocks of coordinates."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import zarr
from numpy.typing import NDArray

from gradnoise.errors import InputError
from gradnoise.gradients.parameters import COORDINATE, StoredParameter, create_group
from gradnoise.store import arrays
from gradnoise.store.arrays import create_array, put_array
from gradnoise.store.variables import GRADIENT_UNITS, Variable

if TYPE_CHECKING:
    from gradnoise.draws.batches import Draws

NAME = "noise.zarr"  # of the store inside the work area
CHUNK = 1 << 18  # values, 1 MiB
ROWS = 64  # batches a shard at most, where batches are computed one after another
READ_BYTES = 1 << 22  # noise held in memory at a time

BATCH_SIZE = Variable("batch_size", "samples in a mini-batch", "samples", ("batch_size",))
NOISE = Variable(
    "noise",
    "mini-batch gradient minus full gradient",
    GRADIENT_UNITS,
    ("batch_size", "batch", "coordinate"),
)
NOISE_ALONG_DIRECTIONS = Variable(
    "noise_along_directions",
    "mini-batch gradient minus full gradient, along random directions of unit length",
    GRADIENT_UNITS,
    ("batch_size", "batch", "direction"),
)
# Where it depends on the batch size (train-mode BatchNorm, augmentation), `batch_size` is its first dimension.
FULL_GRADIENT = Variable(
    "full_gradient", "what was subtracted: the mean gradient", GRADIENT_UNITS, ("coordinate",)
)
FULL_ALONG_DIRECTIONS = Variable(
    "full_gradient_along_directions",
    "what was subtracted: the mean gradient, along random directions of unit length",
    GRADIENT_UNITS,
    ("direction",),
)
FIELDS = ((NOISE, FULL_GRADIENT), (NOISE_ALONG_DIRECTIONS, FULL_ALONG_DIRECTIONS))

ARRAYS = {
    "{parameter}": (
        *(COORDINATE, BATCH_SIZE, NOISE, FULL_GRADIENT),
        *(NOISE_ALONG_DIRECTIONS, FULL_ALONG_DIRECTIONS),
    )
}


def describe(draws: "Draws", batch_sizes: Sequence[int], batches: int) -> dict[str, Any]:
    """Attributes that say which batches a store holds."""
    return {
        "seed": draws.seed,
        "repeat": draws.repeat,
        "sampling": draws.sampling,
        "batch_sizes": [int(size) for size in batch_sizes],
        "batches": batches,
        "units": GRADIENT_UNITS,
    }


def rows_of_shard(per_batch: int, sizes: int, batches: int, memory: int) -> int:
    """Batches a shard, so that one unfinished shard of every batch size fits in half of `memory` bytes.

    Args:
        per_batch: numbers stored for each batch.
        sizes: number of batch sizes S.
        batches: number of batches of each.
        memory: bytes for buffers.
    """
    fitting = memory // 2 // max(1, 4 * sizes * per_batch)
    return _even(batches, max(1, min(fitting, ROWS)))


def create(
    store: zarr.Group,
    parameters: Mapping[str, StoredParameter],
    batch_sizes: Sequence[int],
    batches: int,
    rows: int,
    columns: int | None = None,
) -> None:
    """Create every parameter's group with its labels and its empty noise.

    Args:
        store: root group; what a killed stage created before is opened as it stands.
        parameters: what is stored, by parameter name.
        batch_sizes: S batch sizes.
        batches: number of batches of each.
        rows: batches a chunk and a shard.
        columns: coordinates a shard; None for all of them.
    """
    for name, parameter in parameters.items():
        group = create_group(store, name, parameter)
        put_array(group, BATCH_SIZE, np.asarray(batch_sizes, np.int64))
        for (field, _), count in zip(FIELDS, parameter.counts, strict=True):
            width = max(1, min(count, columns or count))
            chunk = _even(width, max(16, CHUNK // rows))
            shard = 1, rows, -(-width // chunk) * chunk
            shape = len(batch_sizes), batches, count
            create_array(group, field, shape, (1, rows, chunk), shard)


def put_full_gradient(group: zarr.Group, full: Variable, gradient: NDArray[np.float64]) -> None:
    """Store what was subtracted: float64 (C,), or (S, C) where it depends on the batch size."""
    if gradient.ndim > 1:
        full = full._replace(dimensions=(*BATCH_SIZE.dimensions, *full.dimensions))
    put_array(group, full, gradient)


def _even(total: int, most: int) -> int:
    """Largest part when `total` is cut into the fewest even parts of at most `most`."""
    return math.ceil(total / math.ceil(total / most))


@dataclass(frozen=True)
class ParameterNoise:
    """Noise of one parameter in one repeat.

    Attributes:
        path: of the store.
        noise: (S, batches, C) float32, read when indexed.
        noise_along_directions: (S, batches, D) float32, read when indexed.
        batch_sizes: the S mini-batch sizes.
        coordinate: flat indices of the C coordinates in the parameter, int64.
        attributes: of the store, and over them of the parameter.
    """

    path: Path
    noise: zarr.Array[Any]
    noise_along_directions: zarr.Array[Any]
    batch_sizes: list[int]
    coordinate: NDArray[np.int64]
    attributes: dict[str, Any]

    @property
    def lasting(self) -> dict[str, Any]:
        """The attributes that hold for all repeats."""
        varying = ("repeat", "batch_sizes", "batches", arrays.COMPLETE)
        return {name: value for name, value in self.attributes.items() if name not in varying}


def open_parameter(path: Path, parameter: str) -> ParameterNoise:
    """Open one parameter's noise in a published store.

    Only this parameter's arrays are checked for missing chunks: looking at all of a ResNet's would take
    longer than its statistics.

    Raises:
        InputError: where the store is missing or incomplete, or has no such parameter.
    """
    root = arrays.open_store(path, parameter)
    group = root[parameter]
    assert isinstance(group, zarr.Group)
    return ParameterNoise(
        path=path,
        noise=_array(path, group, NOISE.name),
        noise_along_directions=_array(path, group, NOISE_ALONG_DIRECTIONS.name),
        batch_sizes=np.asarray(_array(path, group, BATCH_SIZE.name)[...]).tolist(),
        coordinate=np.asarray(_array(path, group, COORDINATE.name)[...], np.int64),
        attributes={**root.attrs, **group.attrs},
    )


def require_same_series(noises: list[ParameterNoise]) -> None:
    """Check that all repeats hold the same batch sizes and coordinates.

    Raises:
        InputError: names the first store that differs from the first one.
    """
    first = noises[0]
    for other in noises[1:]:
        if other.batch_sizes != first.batch_sizes:
            raise InputError(
                f"{other.path}: found batch sizes {other.batch_sizes}; {first.path} has {first.batch_sizes}"
            )
        if not np.array_equal(other.coordinate, first.coordinate):
            raise InputError(f"{other.path}: found other coordinates than in {first.path}")


def _array(path: Path, group: zarr.Group, name: str) -> zarr.Array[Any]:
    array = group.get(name)
    if not isinstance(array, zarr.Array):
        raise InputError(f"{path}: found no array {group.path}/{name}; is this a store of noise?")
    return array


class Noise(Protocol):
    """What can hold noise: a NumPy array, or a Zarr or HDF5 array that is read block by block."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(batch sizes, batches, coordinates)."""

    def __getitem__(self, selection: Any, /) -> Any:
        """The selected block as a NumPy array."""


def column_blocks(noise: Noise, length: int) -> Iterator[slice]:
    """Column slices of at most READ_BYTES each, whole chunks where the array has chunks."""
    count = noise.shape[-1]
    width = max(1, READ_BYTES // max(1, 4 * length))
    chunk = getattr(noise, "chunks", None)
    if chunk:
        width = max(1, width // chunk[-1]) * chunk[-1]
    for start in range(0, count, width):
        yield slice(start, min(start + width, count))

"""One parameter's part of a noise store, opened for reading."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import zarr
from numpy.typing import NDArray

from gradnoise.errors import InputError
from gradnoise.store import arrays
from gradnoise.store.arrays import UNITS, create_array, put_array


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
        noise=_array(path, group, "noise"),
        noise_along_directions=_array(path, group, "noise_along_directions"),
        batch_sizes=[int(size) for size in np.asarray(_array(path, group, "batch_size")[...])],
        coordinate=np.asarray(_array(path, group, "coordinate")[...], np.int64),
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


CHUNK = 1 << 18  # values, 1 MiB


ROWS = 64  # batches a shard at most, where batches are computed one after another


FIELDS = ("noise", "noise_along_directions")


AXES = ("coordinate", "direction")


@dataclass(frozen=True, eq=False)
class Measured:
    """What is stored of one parameter.

    Attributes:
        coordinate: int64 (C,) flat indices into the parameter.
        directions: number of random directions, D.
        attributes: JSON-serialisable: `size` (the parameter's true number of scalars), `shape`, `layer`, ...
    """

    coordinate: NDArray[np.int64]
    directions: int
    attributes: Mapping[str, Any]

    @property
    def counts(self) -> tuple[int, int]:
        """Numbers of coordinates and of directions."""
        return self.coordinate.size, self.directions


def values(measured: Mapping[str, Measured]) -> int:
    """Numbers stored for each batch, over all parameters."""
    return sum(sum(each.counts) for each in measured.values())


def rows(measured: Mapping[str, Measured], sizes: int, batches: int, memory: int) -> int:
    """Batches a shard, so that one unfinished shard of every batch size fits in half of `memory` bytes."""
    fitting = memory // 2 // max(1, 4 * sizes * values(measured))
    return _even(batches, max(1, min(fitting, ROWS)))


def create(
    store: zarr.Group,
    measured: Mapping[str, Measured],
    batch_sizes: Sequence[int],
    batches: int,
    rows: int,
    columns: int | None = None,
) -> None:
    """Create every parameter's group with its labels and its empty noise.

    Args:
        store: root group; what a killed stage created before is opened as it stands.
        measured: what is stored, by parameter name.
        batch_sizes: S batch sizes.
        batches: number of batches of each.
        rows: batches a chunk and a shard.
        columns: coordinates a shard; None for all of them.
    """
    for name, each in measured.items():
        group = store.require_group(name)
        group.attrs.update(each.attributes)
        sizes = np.asarray(batch_sizes, np.int64)
        put_array(group, "batch_size", sizes, ["batch_size"], units="samples")
        put_array(
            group,
            "coordinate",
            each.coordinate,
            ["coordinate"],
            long_name="flat index into the parameter",
        )
        for field, axis, count in zip(FIELDS, AXES, each.counts, strict=True):
            shard = max(1, min(count, columns or count))
            chunk = _even(shard, max(16, CHUNK // rows))
            create_array(
                group,
                field,
                (len(batch_sizes), batches, count),
                (1, rows, chunk),
                (1, rows, -(-shard // chunk) * chunk),
                ("batch_size", "batch", axis),
                long_name="mini-batch gradient minus full gradient",
                units=UNITS,
            )


def full_name(field: str) -> str:
    """Name of the array that was subtracted from `field`."""
    return field.replace("noise", "full_gradient")


def put_full_gradient(group: zarr.Group, field: str, gradient: NDArray[np.float64]) -> None:
    """Store what was subtracted from `field`: float64 (C,), or (S, C) where it depends on the batch size."""
    names = ("batch_size", AXES[FIELDS.index(field)])[-gradient.ndim :]
    put_array(group, full_name(field), gradient, names, units=UNITS)


def _even(total: int, most: int) -> int:
    """Largest part when `total` is cut into the fewest even parts of at most `most`."""
    return math.ceil(total / math.ceil(total / most))


READ_BYTES = 1 << 26  # noise held in memory at a time


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

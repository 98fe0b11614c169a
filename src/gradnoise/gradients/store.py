"""Per-sample gradients in a Zarr store: sample after sample in, blocks of coordinates out. Free of torch.

A shard holds some samples at all chosen coordinates of a parameter, a chunk those samples at a block of
coordinates. One shard of every parameter is in memory at a time.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray

from gradnoise.errors import InputError
from gradnoise.gradients.parameters import COORDINATE, StoredParameter, create_group
from gradnoise.store.arrays import create_array, open_store, open_unfinished, put_array, seal
from gradnoise.store.parts import WHOLE, Part
from gradnoise.store.variables import GRADIENT_UNITS, Variable
from gradnoise.store.whole import atomic
from gradnoise.store.work_area import WorkArea

NAME = "gradients.zarr"  # of the store inside the work area
SUMS = "sums"  # over the samples of every shard: a folder beside the store
VALUES = 1 << 18  # in a chunk: 1 MiB

GRADIENT = Variable(
    "gradient", "gradient of a sample's loss", GRADIENT_UNITS, ("sample", "coordinate")
)
ALONG_DIRECTIONS = Variable(
    "gradient_along_directions",
    "gradient of a sample's loss along random directions of unit length",
    GRADIENT_UNITS,
    ("sample", "direction"),
)
FULL_GRADIENT = Variable(
    "full_gradient", "mean gradient over all samples", GRADIENT_UNITS, ("coordinate",)
)
FULL_ALONG_DIRECTIONS = Variable(
    "full_gradient_along_directions",
    "mean gradient over all samples along random directions of unit length",
    GRADIENT_UNITS,
    ("direction",),
)
FIELDS = ((GRADIENT, FULL_GRADIENT), (ALONG_DIRECTIONS, FULL_ALONG_DIRECTIONS))

ARRAYS = {
    "{parameter}": (
        *(COORDINATE, GRADIENT, FULL_GRADIENT),
        *(ALONG_DIRECTIONS, FULL_ALONG_DIRECTIONS),
    )
}

Rows = tuple[NDArray[np.float32], NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class ParameterGradients:
    """Per-sample gradients of one parameter, in NumPy arrays or in Zarr arrays that are read when indexed.

    Attributes:
        parameter: what it is.
        gradient: float32 (N, C).
        along_directions: float32 (N, D).
        full_gradient: float64 (C,), their mean over the N samples.
        full_along_directions: float64 (D,).
    """

    parameter: StoredParameter
    gradient: Any
    along_directions: Any
    full_gradient: NDArray[np.float64]
    full_along_directions: NDArray[np.float64]


def open_gradients(
    path: Path, parameter: str, coordinate: NDArray[np.int64]
) -> tuple[zarr.Array[Any] | None, dict[str, Any]]:
    """Per-sample gradients of a parameter, (N, C), None where there are none; and the store's attributes.

    Raises:
        InputError: where the store is incomplete or holds other coordinates than the noise.
    """
    # A store without per-sample gradients has no parameters, either.
    root = open_store(path, parameter, needed=False)
    attributes = dict(root.attrs)
    if attributes["strategy"] != "per_sample":
        return None, attributes
    gradient = root.get(f"{parameter}/{GRADIENT.name}")
    stored = root.get(f"{parameter}/{COORDINATE.name}")
    if not isinstance(gradient, zarr.Array) or not isinstance(stored, zarr.Array):
        raise InputError(f"{path}: found no gradients of {parameter!r}")
    if not np.array_equal(np.asarray(stored[...]), coordinate):
        raise InputError(f"{path}: found other coordinates than in the noise")
    return gradient, attributes


def read_parameters(root: zarr.Group) -> dict[str, ParameterGradients]:
    """Every parameter of an open store, by name in alphabetical order."""
    found = {}
    for name, group in sorted(root.groups()):
        arrays: dict[str, Any] = dict(group.arrays())
        gradient = arrays[GRADIENT.name]
        none = np.empty((gradient.shape[0], 0), np.float32), np.empty(0)
        along = arrays.get(ALONG_DIRECTIONS.name, none[0])
        full_along = arrays.get(FULL_ALONG_DIRECTIONS.name, none[1])
        coordinate = np.asarray(arrays[COORDINATE.name][:])
        parameter = StoredParameter(coordinate, along.shape[1], group.attrs.asdict())
        full = arrays[FULL_GRADIENT.name][:], full_along[:]
        found[name] = ParameterGradients(parameter, gradient, along, *full)
    return found


def create(
    store: zarr.Group, parameters: Mapping[str, StoredParameter], samples: int, rows: int
) -> None:
    """Create every parameter's group and empty arrays; what a killed stage created is opened as it stands.

    Args:
        store: root group.
        parameters: what is stored, by parameter name.
        samples: number of samples N.
        rows: samples a shard.
    """
    for name, parameter in parameters.items():
        group = create_group(store, name, parameter)
        for (field, _), count in zip(FIELDS, parameter.counts, strict=True):
            if count:
                blocks = math.ceil(count / max(16, VALUES // rows))
                columns = math.ceil(count / blocks)
                shard = rows, blocks * columns
                create_array(group, field, (samples, count), (rows, columns), shard)


def missing(work: WorkArea, samples: int, rows: int, part: Part = WHOLE) -> tuple[int, int]:
    """First and last sample + 1 of a part's shards, from the first that is not finished; equal where all are."""
    starts = [first for first in range(0, samples, rows) if part.has(first, samples)]
    stop = min(starts[-1] + rows, samples) if starts else 0
    return next((first for first in starts if _part(first) not in work.finished), stop), stop


def record(
    work: WorkArea,
    folder: Path,
    store: zarr.Group,
    chunks: Iterable[tuple[int, int, Mapping[str, Rows]]],
    parameters: Mapping[str, StoredParameter],
    samples: int,
    rows: int,
) -> None:
    """Collect chunks of consecutive samples into shards and write these, with their float64 sums.

    Args:
        work: a shard is a part of it.
        folder: of the store, and of the sums beside it.
        store: as made by `create`.
        chunks: first sample, last sample + 1, and for every parameter float32 (n, C) and (n, D); no chunk
            spans two shards.
        parameters: what is stored, by parameter name.
        samples: number of samples N.
        rows: samples a shard.
    """
    buffers = {
        (name, field.name): np.empty((rows, count), np.float32)
        for name, parameter in parameters.items()
        for (field, _), count in zip(FIELDS, parameter.counts, strict=True)
    }
    for first, last, gradients in chunks:
        begin = first // rows * rows
        for name, parts in gradients.items():
            for (field, _), part in zip(FIELDS, parts, strict=True):
                buffers[name, field.name][first - begin : last - begin] = part
        if last == min(begin + rows, samples):
            _write_shard(work, folder, store, buffers, begin, last)


def _write_shard(
    work: WorkArea,
    folder: Path,
    store: zarr.Group,
    buffers: Mapping[tuple[str, str], NDArray[np.float32]],
    begin: int,
    last: int,
) -> None:
    """Write the samples from `begin` to `last` - 1, and their sums beside the store."""
    sums = {}
    for (name, field), buffer in buffers.items():
        sums[f"{name}/{field}"] = buffer[: last - begin].sum(axis=0, dtype=np.float64)
        if buffer.shape[1]:
            array = store[f"{name}/{field}"]
            assert isinstance(array, zarr.Array)
            array[begin:last] = buffer[: last - begin]
    with atomic(folder / SUMS / f"{begin}.npz") as path:
        np.savez(path, **sums)
    work.finish(_part(begin))


def complete(folder: Path) -> None:
    """Write the full gradients, the float64 means over all samples, and seal the store of a folder."""
    store = open_unfinished(folder / NAME)
    total: dict[str, NDArray[np.float64]] = {}
    for path in sorted((folder / SUMS).glob("*.npz"), key=lambda path: int(path.stem)):
        with np.load(path) as sums:
            for place, values in sums.items():
                total[place] = total.get(place, 0) + values
    for name, group in store.groups():
        for field, full in FIELDS:
            array = group.get(field.name)
            if isinstance(array, zarr.Array):
                put_array(group, full, total[f"{name}/{field.name}"] / array.shape[0])
    seal(store)


def _part(first: int) -> str:
    return f"samples from {first}"

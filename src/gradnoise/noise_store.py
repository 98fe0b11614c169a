"""One parameter's part of a noise store, opened for reading."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray

from gradnoise import store
from gradnoise.store import InputError


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
        varying = ("repeat", "batch_sizes", "batches", store.COMPLETE)
        return {name: value for name, value in self.attributes.items() if name not in varying}


def open_parameter(path: Path, parameter: str) -> ParameterNoise:
    """Open one parameter's noise in a published store.

    Only this parameter's arrays are checked for missing chunks: looking at all of a ResNet's would take
    longer than its statistics.

    Raises:
        InputError: where the store is missing or incomplete, or has no such parameter.
    """
    root = store.open_store(path, parameter)
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

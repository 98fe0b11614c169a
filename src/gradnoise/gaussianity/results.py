"""How a layer's Gaussianity results are stored: one HDF5 file."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from gradnoise.errors import InputError
from gradnoise.gaussianity.kernels import Coordinate
from gradnoise.noise.store import ParameterNoise
from gradnoise.store.results import put_attributes
from gradnoise.store.work_area import atomic

Fields = Mapping[str, NDArray[Any]]


def write(
    path: Path,
    coordinates: Fields,
    directions: Fields,
    summary: NDArray[Any],
    shown: Sequence[Mapping[str, Any]],
    index: NDArray[np.int64],
    axes: Mapping[str, Sequence[int]],
    attributes: Mapping[str, Any],
) -> None:
    """Write a layer's HDF5 file.

    Args:
        path: the file; appears whole or not at all.
        coordinates: arrays (S, K, R, C) by name.
        directions: arrays (S, K, R, D) by name.
        summary: structured array of S * K * R rows.
        shown: examples: dicts of `role`, `batch_size`, `position`, `statistic`, `pvalue`, `samples`.
        index: flat indices of the coordinates in the parameter, (C,).
        axes: `batch_sizes`, `batches` and `repeats`, the first three axes of every array.
        attributes: of the file.
    """
    with atomic(path) as temporary, h5py.File(temporary, "w") as file:
        put_attributes(file, attributes)
        for name, values in axes.items():
            file[name] = np.asarray(values, np.int64)
        _write_fields(file.create_group("coordinates"), coordinates, index)
        count = directions["pvalue"].shape[-1]
        _write_fields(file.create_group("directions"), directions, np.arange(count))
        file["summary"] = summary
        group = file.create_group("examples")
        group["samples"] = np.array([one["samples"] for one in shown], np.float32)
        for name in ("role", "batch_size", "statistic", "pvalue"):
            group.attrs[name] = [one[name] for one in shown]
        group.attrs["coordinate"] = [int(index[one["position"]]) for one in shown]
        group.attrs["batches"] = max(axes["batches"])


def _write_fields(group: h5py.Group, fields: Fields, index: NDArray[Any]) -> None:
    group["index"] = index
    for name, values in fields.items():
        packed = {"compression": "gzip", "compression_opts": 1, "shuffle": True}
        options = packed if values.size else {}
        dataset = group.create_dataset(name, data=values, **options)
        dataset.attrs["dimensions"] = ["batch_size", "batches", "repeat", "coordinate"]
    group["class"].attrs["names"] = [kind.name for kind in Coordinate]


def read_tested(
    path: Path, noise: ParameterNoise, repeats: Sequence[int]
) -> tuple[int, NDArray[np.uint8], NDArray[np.float64]]:
    """Classes and p-values that the gaussianity stage found, with its largest number of batches.

    Returns:
        The number of batches, and arrays (S, R, C).

    Raises:
        InputError: where the file is missing, damaged, or of other series than the noise.
    """
    try:
        with h5py.File(path) as file:
            k = int(np.argmax(file["batches"][...]))
            found = (
                int(file["batches"][k]),
                file["coordinates/class"][:, k],
                file["coordinates/pvalue"][:, k],
            )
            axes = [file[name][...].tolist() for name in ("batch_sizes", "repeats")]
            index = file["coordinates/index"][...]
    except (OSError, KeyError) as error:
        raise InputError(f"{path}: expected a complete gaussianity file, found {error}") from None
    if axes != [noise.batch_sizes, list(repeats)] or not np.array_equal(index, noise.coordinate):
        raise InputError(
            f"{path}: found other batch sizes, repeats or coordinates than in the noise"
        )
    return found

"""A layer's Gaussianity results: one HDF5 file, declared, written and read here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from gradnoise.gaussianity.normality import statistics
from gradnoise.gaussianity.populations import Coordinate
from gradnoise.gaussianity.summary import KEY
from gradnoise.store.results import created, opened, put_array, put_attributes
from gradnoise.store.variables import GRADIENT_UNITS, Variable

STAGE = "gaussianity"


EXAMPLES = ("role", "batch_size", "coordinate", "statistic", "pvalue")  # attributes, a value each


Fields = Mapping[str, NDArray[Any]]


def _fields(axis: str, meaning: str) -> tuple[Variable, ...]:
    return (
        Variable("index", meaning, "", (axis,)),
        *(
            Variable(field.name, field.long_name, field.units, (*KEY, axis))
            for statistic in statistics()
            for field in statistic.fields
        ),
    )


# Arrays by group of the file; "" is its root.
ARRAYS: dict[str, tuple[Variable, ...]] = {
    "": (
        Variable("batch_sizes", "mini-batch sizes", "samples", ("batch_size",)),
        Variable("batches", "numbers of batches, each the first so many", "batches", ("batches",)),
        Variable("repeats", "numbers of the repeats of the draws", "", ("repeat",)),
    ),
    "coordinates": _fields("coordinate", "flat index into the parameter"),
    "directions": _fields("direction", "number of the random direction"),
    "examples": (
        Variable(
            "samples",
            "noise of the coordinates shown as examples, the first repeat's",
            GRADIENT_UNITS,
            ("example", "batch"),
        ),
    ),
}


@dataclass(frozen=True)
class Tests:
    """What a file holds, for whoever applies a level of the test.

    Attributes:
        coordinates, directions: arrays (S, K, R, C) and (S, K, R, D) by the names of the statistics' fields.
        index: flat indices of the coordinates in the parameter, (C,).
        batch_sizes, batches, repeats: the S, K and R numbers of the axes.
        attributes: of the file.
    """

    coordinates: dict[str, NDArray[Any]]
    directions: dict[str, NDArray[Any]]
    index: NDArray[np.int64]
    batch_sizes: list[int]
    batches: list[int]
    repeats: list[int]
    attributes: dict[str, Any]


def write(
    path: Path,
    coordinates: Fields,
    directions: Fields,
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
        shown: examples: dicts of `role`, `batch_size`, `position`, `statistic`, `pvalue`, `samples`.
        index: flat indices of the coordinates in the parameter, (C,).
        axes: `batch_sizes`, `batches` and `repeats`, the first three axes of every array.
        attributes: of the file.
    """
    with created(path) as file:
        put_attributes(file, attributes)
        for variable in ARRAYS[""]:
            put_array(file, variable, np.asarray(axes[variable.name], np.int64))
        count = directions["pvalue"].shape[-1]
        _put_fields(file, "coordinates", {"index": index, **coordinates})
        _put_fields(file, "directions", {"index": np.arange(count), **directions})
        _put_examples(file, shown, index, max(axes["batches"]))


def _put_fields(file: h5py.File, name: str, fields: Fields) -> None:
    group = file.create_group(name)
    for variable in ARRAYS[name]:
        put_array(group, variable, fields[variable.name], compressed=variable.name != "index")
    group["class"].attrs["names"] = [kind.name for kind in Coordinate]


def _put_examples(
    file: h5py.File, shown: Sequence[Mapping[str, Any]], index: NDArray[Any], batches: int
) -> None:
    group = file.create_group("examples")
    samples = np.array([one["samples"] for one in shown], np.float32).reshape(len(shown), batches)
    put_array(group, ARRAYS["examples"][0], samples)
    for name in EXAMPLES:
        group.attrs[name] = [
            int(index[one["position"]]) if name == "coordinate" else one[name] for one in shown
        ]
    group.attrs["batches"] = batches


def read_tests(path: Path) -> Tests:
    """Everything that a level of the test is applied to.

    Raises:
        InputError: where the file is missing or damaged.
    """
    with opened(path, STAGE) as file:
        coordinates, directions = (
            {name: values[...] for name, values in file[group].items() if name != "index"}
            for group in ("coordinates", "directions")
        )
        axes = {each.name: file[each.name][...].tolist() for each in ARRAYS[""]}
        index = file["coordinates/index"][...]
        return Tests(coordinates, directions, index, **axes, attributes=dict(file.attrs))


def read_coordinates(path: Path) -> tuple[NDArray[np.int64], dict[str, Any]]:
    """Flat indices (C,) of the coordinates, and the file's attributes.

    Raises:
        InputError: where the file is missing or damaged.
    """
    with opened(path, STAGE) as file:
        return file["coordinates/index"][...], dict(file.attrs)


def read_examples(path: Path) -> list[dict[str, Any]]:
    """Series to look at, each with what `EXAMPLES` names of it and its `samples`, float32 (batches,).

    Raises:
        InputError: where the file is missing or damaged.
    """
    with opened(path, STAGE) as file:
        group = file["examples"]
        labels = [np.atleast_1d(group.attrs[name]) for name in EXAMPLES]
        samples = group["samples"][...]
    return [
        {**dict(zip(EXAMPLES, label, strict=True)), "samples": series}
        for *label, series in zip(*labels, samples, strict=True)
    ]

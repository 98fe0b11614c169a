"""A layer's Gaussianity results: one HDF5 file, declared, written and read here."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from gradnoise.errors import InputError
from gradnoise.gaussianity.normality import columns, statistics
from gradnoise.gaussianity.populations import Coordinate
from gradnoise.gaussianity.repeatability import PREFIX
from gradnoise.gaussianity.statistic import Kind
from gradnoise.gaussianity.summary import KEY
from gradnoise.noise.store import ParameterNoise
from gradnoise.store.results import created, opened, put_array, put_attributes, put_table
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


TABLES: dict[str, tuple[Variable, ...]] = {
    "summary": (
        Variable("batch_size", "mini-batch size", "samples"),
        Variable("batches", "number of batches, the samples of each test", "batches"),
        Variable("repeat", "number of the repeat of the draws", ""),
        *(Variable(column.name, column.long_name, column.units) for column in columns()),
    ),
    "repeatability": (
        Variable("batch_size", "mini-batch size", "samples"),
        Variable("batches", "number of batches, the samples of each test", "batches"),
        *(
            Variable(
                PREFIX + column.name,
                f"{column.long_name}: variance of passing over repeats, mean over coordinates",
            )
            for column in columns()
            if column.kind == Kind.PERCENTAGE
        ),
    ),
}


def write(
    path: Path,
    coordinates: Fields,
    directions: Fields,
    summary: NDArray[Any],
    repeatability: NDArray[Any],
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
        repeatability: structured array of S * K rows.
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
        put_summary(file, summary)
        put_table(file, "repeatability", TABLES["repeatability"], repeatability)
        _put_examples(file, shown, index, max(axes["batches"]))


def _put_fields(file: h5py.File, name: str, fields: Fields) -> None:
    group = file.create_group(name)
    for variable in ARRAYS[name]:
        put_array(group, variable, fields[variable.name], compressed=variable.name != "index")
    group["class"].attrs["names"] = [kind.name for kind in Coordinate]


def put_summary(file: h5py.File, summary: NDArray[Any]) -> None:
    """Write a layer's rows; with them, how each column is averaged over layers (`tables.gaussianity`)."""
    put_table(file, "summary", TABLES["summary"], summary)
    for key in ("kind", "over"):
        described = {column.name: getattr(column, key) for column in columns()}
        file["summary"].attrs[key] = json.dumps(described)


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


def read_tested(
    path: Path, noise: ParameterNoise, repeats: Sequence[int]
) -> tuple[int, NDArray[np.uint8], NDArray[np.float64]]:
    """Classes and p-values that the gaussianity stage found, with its largest number of batches.

    Returns:
        The number of batches, and arrays (S, R, C).

    Raises:
        InputError: where the file is missing, damaged, or of other series than the noise.
    """
    with opened(path, STAGE) as file:
        k = int(np.argmax(file["batches"][...]))
        found = (
            int(file["batches"][k]),
            file["coordinates/class"][:, k],
            file["coordinates/pvalue"][:, k],
        )
        axes = [file[name][...].tolist() for name in ("batch_sizes", "repeats")]
        index = file["coordinates/index"][...]
    if axes != [noise.batch_sizes, list(repeats)] or not np.array_equal(index, noise.coordinate):
        raise InputError(
            f"{path}: found other batch sizes, repeats or coordinates than in the noise"
        )
    return found


def read_pvalues(path: Path) -> tuple[NDArray[np.float64], NDArray[np.int64], dict[str, Any]]:
    """p-values (S, K, R, C) of the Shapiro-Wilk test, flat indices (C,) and the file's attributes.

    Raises:
        InputError: where the file is missing or damaged.
    """
    with opened(path, STAGE) as file:
        group = file["coordinates"]
        return group["pvalue"][...], group["index"][...], dict(file.attrs)


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

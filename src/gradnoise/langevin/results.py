"""The HDF5 file of one subspace of one trajectory, written and read; `variables` declares what it holds."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradnoise.errors import InputError
from gradnoise.langevin.variables import ARRAYS, DYNAMICS, NUMBERS, STAGE, TABLE, TABLES
from gradnoise.store.results import (
    created,
    opened,
    put_array,
    put_attributes,
    put_table,
    read_attributes,
)
from gradnoise.store.results import read_table as read_any_table


class Analysis(NamedTuple):
    """What the stage says of one subspace.

    Attributes:
        directions: columns of TABLES, by name; a row per direction.
        numbers: NUMBERS, by name.
        arrays: some of ARRAYS, by name.
    """

    directions: Mapping[str, NDArray[Any]]
    numbers: Mapping[str, float]
    arrays: Mapping[str, NDArray[Any]]


class Stored(NamedTuple):
    """The file as it is read.

    Attributes:
        directions: structured, columns of TABLES; text as text.
        attributes: of the file: NUMBERS, and how the trajectory was made.
        arrays: some of ARRAYS, by name.
    """

    directions: NDArray[Any]
    attributes: dict[str, Any]
    arrays: dict[str, NDArray[Any]]


def write(path: Path, found: Analysis, attributes: Mapping[str, Any]) -> None:
    """Write one subspace's HDF5 file; it appears whole or not at all.

    Args:
        path: the file.
        found: rows, numbers and arrays.
        attributes: of the file, besides the numbers; what is no number or text is written as JSON.

    Raises:
        ValueError: for something that is not declared here, or columns or numbers that are missing.
    """
    declared = {variable.name: variable for variable in ARRAYS[""]}
    unknown = sorted({*found.arrays} - {*declared})
    wrong = sorted({*found.numbers} ^ {variable.name for variable in NUMBERS})
    if unknown or wrong:
        raise ValueError(f"{path}: not declared, or missing: {unknown + wrong}")
    with created(path) as file:
        put_attributes(file, {**attributes, **found.numbers})
        put_table(file, TABLE, TABLES[TABLE], _rows(found.directions))
        for name, values in found.arrays.items():
            put_array(file, declared[name], values)


def _rows(columns: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
    """Columns of equal length as one structured array."""
    kinds = [(name, values.dtype.str) for name, values in columns.items()]
    rows = np.empty(len(next(iter(columns.values()))), kinds)
    for name, values in columns.items():
        rows[name] = values
    return rows


def read_table(path: Path) -> tuple[NDArray[Any], dict[str, Any]]:
    """Rows of the directions (structured, text as text) and the file's attributes.

    Raises:
        InputError: names the file, where it is missing or damaged.
    """
    rows, attributes = read_any_table(path, STAGE, TABLE), read_attributes(path, STAGE)
    names = [variable.name for variable in (*DYNAMICS, *NUMBERS)]
    missing = [name for name in names if name not in attributes]
    if rows is None or missing:
        lacks = ", ".join(missing) or TABLE
        raise InputError(f"{path}: expected a complete {STAGE} file, found one without {lacks}")
    return rows, attributes


def read(path: Path) -> Stored:
    """The whole file.

    Raises:
        InputError: names the file, where it is missing or damaged.
    """
    rows, attributes = read_table(path)
    with opened(path, STAGE) as file:
        names = [variable.name for variable in ARRAYS[""] if variable.name in file]
        arrays = {name: file[name][...] for name in names}
    return Stored(rows, attributes, arrays)

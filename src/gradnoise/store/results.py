"""HDF5 files of results: every array and column declared once, with its units and meaning.

A stage's `results` module declares what its files hold as `Variable`s, writes them and reads them back.
From the same declarations come the attributes in the files and `docs/results.md`.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from gradnoise.errors import InputError
from gradnoise.store import checksums
from gradnoise.store.variables import Variable as Variable
from gradnoise.store.whole import atomic


def put_attributes(file: Any, attributes: Mapping[str, Any]) -> None:
    """Write attributes of an HDF5 file or group; what is no number or text is written as JSON."""
    for name, value in attributes.items():
        plain = isinstance(value, str | int | float | np.number | np.bool_)
        file.attrs[name] = value if plain else json.dumps(value)


def put_array(
    group: h5py.Group, variable: Variable, values: Any, *, compressed: bool = False
) -> None:
    """Write an array under its variable's name, with `units`, `long_name` and dimension names.

    Raises:
        ValueError: where the array has other than the declared number of dimensions.
    """
    values = np.asarray(values)
    if values.ndim != len(variable.dimensions):
        raise ValueError(f"{variable.name}: {values.ndim} dimensions, not {variable.dimensions}")
    packed = {"compression": "gzip", "compression_opts": 1, "shuffle": True}
    options = packed if compressed and values.size else {}
    dataset = group.create_dataset(variable.name, data=values, **options)
    put_attributes(dataset, {"units": variable.units, "long_name": variable.long_name})
    for axis, dimension in enumerate(variable.dimensions):
        dataset.dims[axis].label = dimension


def put_table(
    group: h5py.Group, name: str, columns: Sequence[Variable], rows: NDArray[Any]
) -> None:
    """Write a structured array; the columns' units and meanings become its attributes.

    Raises:
        ValueError: where the array has other columns than those declared, or another order.
    """
    declared = [column.name for column in columns]
    if list(rows.dtype.names or ()) != declared:
        raise ValueError(f"{name}: columns {rows.dtype.names}, declared {declared}")
    dataset = group.create_dataset(name, data=rows)
    for key in ("units", "long_name"):
        dataset.attrs[key] = json.dumps({column.name: getattr(column, key) for column in columns})


@contextmanager
def created(path: Path, **options: Any) -> Iterator[h5py.File]:
    """A new file, published with its checksum unless an error leaves the block; `options` are those of h5py."""
    with atomic(path) as temporary:
        with h5py.File(temporary, "w", userblock_size=checksums.USER_BLOCK, **options) as file:
            yield file
        checksums.seal_hdf5(temporary)


@contextmanager
def opened(path: Path, stage: str) -> Iterator[h5py.File]:
    """A stage's file, verified and open for reading.

    Raises:
        InputError: names the file, where it is missing, damaged, or lacks what is read from it.
    """
    if not path.is_file():
        raise InputError(f"{path}: expected a complete {stage} file, found none; run again")
    checksums.verify(path)
    try:
        with h5py.File(path) as file:
            yield file
    except (OSError, KeyError) as error:
        raise InputError(f"{path}: expected a complete {stage} file, found {error}") from None


def read_attributes(path: Path, stage: str, group: str = "/") -> dict[str, Any]:
    """Attributes of a stage's file, or of a group of it, numbers as Python's own."""
    with opened(path, stage) as file:
        return {name: _plain(value) for name, value in file[group].attrs.items()}


def read_table(path: Path, stage: str, name: str) -> NDArray[Any] | None:
    """A structured array, by its path in the file, text as text objects; None where the file has no such table."""
    with opened(path, stage) as file:
        if name not in file:
            return None
        rows = file[name][...]
    kinds = [
        (key, object if rows.dtype[key].kind == "S" else rows.dtype[key])
        for key in rows.dtype.names
    ]
    found = np.empty(rows.shape, kinds)
    for key in rows.dtype.names:
        found[key] = (
            np.char.decode(rows[key], "utf-8") if rows.dtype[key].kind == "S" else rows[key]
        )
    return found


def read_column_attributes(path: Path, stage: str, name: str) -> dict[str, dict[str, str]]:
    """What a table's file says of its columns: "units", "long_name", ... to the columns' values."""
    with opened(path, stage) as file:
        return {key: json.loads(value) for key, value in file[name].attrs.items()}


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value

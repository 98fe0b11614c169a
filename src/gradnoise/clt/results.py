"""How a layer's results on the central limit theorem are stored: one HDF5 file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
from numpy.typing import NDArray

from gradnoise.store.results import put_attributes
from gradnoise.store.work_area import atomic


def write(
    path: Path,
    coordinates: Mapping[str, NDArray[Any]],
    tables: Mapping[str, NDArray[Any]],
    attributes: Mapping[str, Any],
) -> None:
    """Write a layer's HDF5 file; it appears whole or not at all.

    Args:
        path: the file.
        coordinates: arrays by name, written to the group `coordinates`.
        tables: structured arrays by name, one row for whatever they are by.
        attributes: of the file; what is no number or text is written as JSON.
    """
    with atomic(path) as temporary, h5py.File(temporary, "w") as file:
        put_attributes(file, attributes)
        group = file.create_group("coordinates")
        for name, values in coordinates.items():
            group[name] = values
        for name, rows in tables.items():
            file[name] = rows

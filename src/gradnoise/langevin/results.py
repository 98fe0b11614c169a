"""HDF5 file of one subspace of one trajectory."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from gradnoise.langevin.by_direction import Columns
from gradnoise.store.results import put_attributes
from gradnoise.store.work_area import atomic

Arrays = dict[str, NDArray[Any]]


def table(columns: Columns) -> NDArray[Any]:
    """Columns of equal length as one structured array."""
    kinds = [(name, values.dtype.str) for name, values in columns.items()]
    rows = np.empty(len(next(iter(columns.values()))), kinds)
    for name, values in columns.items():
        rows[name] = values
    return rows


def write(
    path: Path,
    rows: Columns,
    numbers: Mapping[str, float],
    arrays: Arrays,
    attributes: Mapping[str, Any],
) -> None:
    """Write one subspace's HDF5 file; it appears whole or not at all."""
    with atomic(path) as temporary, h5py.File(temporary, "w") as file:
        put_attributes(file, {**attributes, **numbers})
        file["directions"] = table(rows)
        for name, values in arrays.items():
            file[name] = values

"""The HDF5 file of a layer's tails: what it holds, written and read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import h5py
import numpy as np
from numpy.typing import NDArray

from gradnoise.store import results
from gradnoise.store.results import put_array, put_attributes, put_table
from gradnoise.tails.columns import ARRAYS as ARRAYS
from gradnoise.tails.columns import TABLES as TABLES
from gradnoise.tails.stable.index import METHODS

if TYPE_CHECKING:
    from gradnoise.tails.analysis import TailIndices
    from gradnoise.tails.population import Population


class Example(NamedTuple):
    """A series that is shown.

    Attributes:
        role: why.
        batch_size: of its mini-batches.
        position: along the noise's last axis; in a file its flat index into the parameter instead.
        alpha, scale, pvalue: what was found.
        samples: float32 (batches,).
    """

    role: str
    batch_size: int
    position: int
    alpha: float
    scale: float
    pvalue: float
    samples: NDArray[np.float32]


class Tails(NamedTuple):
    """What a file holds, for whoever applies a level of the test.

    Attributes:
        indices: by method `alpha` and `scale`, float32, and `converged`, bool, each (S, R, C).
        largest: rows of that table; None where per-sample gradients are not stored.
        top: indices of the samples of largest weight; none where they are not.
        batches: n.
    """

    indices: dict[str, dict[str, NDArray[Any]]]
    largest: NDArray[Any] | None
    top: NDArray[np.int64]
    batches: int


def write(
    path: Path,
    found: TailIndices,
    population: Population,
    index: NDArray[np.int64],
    axes: Mapping[str, Sequence[int]],
    attributes: Mapping[str, Any],
) -> None:
    """Write a layer's HDF5 file; it appears whole or not at all.

    Args:
        path: the file.
        found: indices and norms.
        population: what the per-sample gradients add; empty where there are none.
        index: flat indices of the coordinates in the parameter, (C,).
        axes: `batch_sizes` and `repeats`, the first axes of every array over coordinates.
        attributes: of the file; what is no number or text is written as JSON.
    """
    with results.created(path) as file:
        put_attributes(file, attributes)
        _put(file, "", {name: np.asarray(numbers, np.int64) for name, numbers in axes.items()})
        _put(file, "coordinates", {"index": index})
        for method, fields in found.indices.items():
            _put(file, f"coordinates/{method}", fields, compressed=True)
        _put(file, "samples", population.arrays)
        for name, rows in {"norms": found.norms, **population.tables}.items():
            put_table(file, name, TABLES[name], rows)


def _put(
    file: h5py.File, group: str, arrays: Mapping[str, NDArray[Any]], compressed: bool = False
) -> None:
    declared = {variable.name: variable for variable in ARRAYS[group]}
    for name, values in arrays.items():
        put_array(file.require_group(group or "/"), declared[name], values, compressed=compressed)


def read_tails(path: Path) -> Tails:
    """Everything that a level of the test is applied to.

    Raises:
        InputError: for a missing or damaged file.
    """
    with results.opened(path, "tails") as file:
        methods = [name for name in METHODS if name in file["coordinates"]]
        indices = {
            method: {name: values[...] for name, values in file[f"coordinates/{method}"].items()}
            for method in methods
        }
        largest = file["largest"][...] if "largest" in file else None
        top = file["samples/top"][...] if "samples/top" in file else np.empty(0, np.int64)
        return Tails(indices, largest, top, int(file.attrs["batches"]))

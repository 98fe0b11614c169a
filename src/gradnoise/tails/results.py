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

if TYPE_CHECKING:
    from gradnoise.tails.analysis import TailAnalysis
    from gradnoise.tails.population import Population

Floats = NDArray[np.float64]


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


class RejectedHistograms(NamedTuple):
    """Rejected series by tail index: counts (S, R, bins) between edges, and (bins,) of rejected Gaussian series."""

    batch_sizes: NDArray[np.int64]
    edges: Floats
    counts: NDArray[np.int64]
    null: NDArray[np.int64]


class Histograms(NamedTuple):
    """Coordinates by tail index: counts (S, R, bins) between edges, and (bins,) of Gaussian series."""

    batch_sizes: NDArray[np.int64]
    edges: Floats
    live: NDArray[np.int64]
    rejected: NDArray[np.int64]
    null: NDArray[np.int64]
    null_rejected: NDArray[np.int64]


def write(
    path: Path,
    analysis: TailAnalysis,
    shown: Sequence[Example],
    population: Population,
    index: NDArray[np.int64],
    axes: Mapping[str, Sequence[int]],
    attributes: Mapping[str, Any],
) -> None:
    """Write a layer's HDF5 file; it appears whole or not at all.

    Args:
        path: the file.
        analysis: what was found.
        shown: examples.
        population: what the per-sample gradients add; empty where there are none.
        index: flat indices of the coordinates in the parameter, (C,).
        axes: `batch_sizes` and `repeats`, the first axes of every array over coordinates.
        attributes: of the file; what is no number or text is written as JSON.
    """
    tables = {
        **{"summary": analysis.summary, "norms": analysis.norms},
        **{"rejected": analysis.rejected.rows, **population.tables},
    }
    with results.created(path) as file:
        put_attributes(file, attributes)
        _put(file, "", {name: np.asarray(numbers, np.int64) for name, numbers in axes.items()})
        _put(file, "coordinates", {"index": index})
        for method, fields in analysis.indices.items():
            _put(file, f"coordinates/{method}", fields, compressed=True)
        for method, counts in analysis.histograms.items():
            _put(file, f"histograms/{method}", counts)
        for method, counts in analysis.rejected.histograms.items():
            _put(file, f"rejected_histograms/{method}", counts)
        _put(file, "samples", population.arrays)
        for name, rows in tables.items():
            put_table(file, name, TABLES[name], rows)
        _put(file, "examples", _columns(shown, index, attributes["batches"]))


def _put(
    file: h5py.File, group: str, arrays: Mapping[str, NDArray[Any]], compressed: bool = False
) -> None:
    declared = {variable.name: variable for variable in ARRAYS[group]}
    for name, values in arrays.items():
        put_array(file.require_group(group or "/"), declared[name], values, compressed=compressed)


def _columns(
    shown: Sequence[Example], index: NDArray[np.int64], batches: int
) -> dict[str, NDArray[Any]]:
    columns = {name: [getattr(one, name) for one in shown] for name in Example._fields}
    return {
        "samples": np.array(columns["samples"], np.float32).reshape(len(shown), batches),
        "role": np.array(columns["role"], np.bytes_),
        "batch_size": np.array(columns["batch_size"], np.int64),
        "coordinate": index[np.array(columns["position"], np.int64)],
        **{name: np.array(columns[name], np.float64) for name in ("alpha", "scale", "pvalue")},
    }


def read_table(path: Path, name: str) -> NDArray[Any] | None:
    """One of TABLES; None where the layer has none.

    Raises:
        InputError: for a missing or damaged file.
    """
    return results.read_table(path, "tails", name)


def read_histograms(path: Path, method: str) -> Histograms:
    """Histograms of a method's indices.

    Raises:
        InputError: for a missing or damaged file, or one without this method.
    """
    with results.opened(path, "tails") as file:
        group = file[f"histograms/{method}"]
        counts = {name: group[name][...] for name in Histograms._fields[1:]}
        return Histograms(file["batch_sizes"][...], **counts)


def read_rejected(path: Path, method: str) -> RejectedHistograms:
    """Histograms of the indices, by a method, of series that the test rejects.

    Raises:
        InputError: for a missing or damaged file, or one without this method.
    """
    with results.opened(path, "tails") as file:
        group = file[f"rejected_histograms/{method}"]
        counts = {name: group[name][...] for name in RejectedHistograms._fields[1:]}
        return RejectedHistograms(file["batch_sizes"][...], **counts)


def read_examples(path: Path) -> list[Example]:
    """The series that are shown, with flat indices into the parameter; none for a layer without live coordinates.

    Raises:
        InputError: for a missing or damaged file.
    """
    with results.opened(path, "tails") as file:
        group = file["examples"]
        names = ["coordinate" if name == "position" else name for name in Example._fields]
        rows = zip(*(group[name][...] for name in names), strict=True)
        return [
            Example(role.decode(), int(size), int(at), float(alpha), float(scale), float(p), noise)
            for role, size, at, alpha, scale, p, noise in rows
        ]


def read_top_samples(path: Path) -> NDArray[np.int64]:
    """Indices of the samples of largest weight; none where per-sample gradients are not stored.

    Raises:
        InputError: for a missing or damaged file.
    """
    with results.opened(path, "tails") as file:
        return file["samples/top"][...] if "samples/top" in file else np.empty(0, np.int64)

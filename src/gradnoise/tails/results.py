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
from gradnoise.store.variables import GRADIENT_UNITS, Variable
from gradnoise.store.work_area import atomic
from gradnoise.tails.columns import TABLES as TABLES
from gradnoise.tails.stable.index import METHODS

if TYPE_CHECKING:
    from gradnoise.tails.analysis import TailAnalysis
    from gradnoise.tails.population import Population

Floats = NDArray[np.float64]

_CELL = ("batch_size", "repeat", "coordinate")
_CELL_BINS = ("batch_size", "repeat", "bin")
_EXAMPLE = ("example",)
_CHOSEN = ("chosen",)
_LEVEL = ("subset_size", "chosen")
_SIZED = ("batch_size", "chosen")

# By HDF5 group; the groups of the methods that were asked for. `samples` needs stored per-sample gradients.
ARRAYS: dict[str, tuple[Variable, ...]] = {
    "": (
        Variable("batch_sizes", "mini-batch sizes", "samples", ("batch_size",)),
        Variable("repeats", "numbers of the repeats of the draws", "1", ("repeat",)),
    ),
    "coordinates": (Variable("index", "flat index into the parameter", "1", ("coordinate",)),),
    **{
        f"coordinates/{method}": (
            Variable("alpha", f"tail index of the noise, by {method}", "1", _CELL),
            Variable("scale", f"stable scale of the noise, by {method}", GRADIENT_UNITS, _CELL),
            Variable("converged", f"whether {method} found an index", "", _CELL),
        )
        for method in METHODS
    },
    **{
        f"histograms/{method}": (
            Variable("edges", "edges of the bins of the tail index", "1", ("edge",)),
            Variable("live", "live coordinates by tail index", "coordinates", _CELL_BINS),
            Variable(
                "rejected",
                "coordinates that Shapiro-Wilk rejects, by tail index",
                "coordinates",
                _CELL_BINS,
            ),
            Variable("null", "Gaussian series by tail index", "series", ("bin",)),
            Variable(
                "null_rejected",
                "Gaussian series that Shapiro-Wilk rejects, by tail index",
                "series",
                ("bin",),
            ),
        )
        for method in METHODS
    },
    "samples": (
        Variable("index", "flat index into the parameter of the chosen coordinates", "1", _CHOSEN),
        Variable("sizes", "sizes of the nested subsets", "samples", ("subset_size",)),
        Variable("kurtosis", "kurtosis of a subset's per-sample gradients", "1", _LEVEL),
        Variable("rho", "standardised third absolute moment of a subset's gradients", "1", _LEVEL),
        Variable("third_share", "top samples' share of the sum of |g - Eg|^3", "1", _CHOSEN),
        Variable("third_signed_share", "top samples' share of the sum of (g - Eg)^3", "1", _CHOSEN),
        Variable("fourth_share", "top samples' share of the sum of (g - Eg)^4", "1", _CHOSEN),
        Variable("extreme_share", "top samples' share of the noise's extremes", "1", _SIZED),
        Variable("usual_share", "top samples' share of all the noise", "1", _SIZED),
        Variable("weight", "sample's share of the fourth central sum", "1", ("sample",)),
        Variable("top", "indices of the samples of largest weight", "1", ("top_sample",)),
        Variable(
            "behind_examples",
            "indices of the samples of extreme gradient in an example's coordinate, lowest first",
            "1",
            ("example", "extreme_sample"),
        ),
    ),
    "examples": (
        Variable("samples", "noise of an example", GRADIENT_UNITS, ("example", "batch")),
        Variable("role", "why a coordinate is shown", "", _EXAMPLE),
        Variable("batch_size", "mini-batch size", "samples", _EXAMPLE),
        Variable("coordinate", "flat index into the parameter", "1", _EXAMPLE),
        Variable("alpha", "tail index", "1", _EXAMPLE),
        Variable("scale", "stable scale", GRADIENT_UNITS, _EXAMPLE),
        Variable("pvalue", "p-value of Shapiro-Wilk", "1", _EXAMPLE),
    ),
}


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
    tables = {"summary": analysis.summary, "norms": analysis.norms, **population.tables}
    with atomic(path) as temporary, h5py.File(temporary, "w") as file:
        put_attributes(file, attributes)
        _put(file, "", {name: np.asarray(numbers, np.int64) for name, numbers in axes.items()})
        _put(file, "coordinates", {"index": index})
        for method, fields in analysis.indices.items():
            _put(file, f"coordinates/{method}", fields, compressed=True)
        for method, counts in analysis.histograms.items():
            _put(file, f"histograms/{method}", counts)
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

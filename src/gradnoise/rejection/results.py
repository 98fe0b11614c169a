"""The HDF5 file of a checkpoint at a level of the test, a group a layer: what it holds, and how it is written."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np
from numpy.typing import NDArray

from gradnoise.clt.columns import JUDGED_TABLES as OF_CLT
from gradnoise.gaussianity.columns import JUDGED_TABLES as OF_TESTS
from gradnoise.gaussianity.columns import put_summary
from gradnoise.rejection.judgement import Judgement
from gradnoise.store import results
from gradnoise.store.results import put_array, put_attributes, put_table
from gradnoise.store.variables import Variable
from gradnoise.tails.columns import JUDGED
from gradnoise.tails.columns import JUDGED_TABLES as OF_TAILS
from gradnoise.tails.results import Example

_CELL = ("batch_size", "batches", "coordinate")

# By group below a layer's; "" is the layer's own. What needs moments or stored gradients is missing without them.
ARRAYS: dict[str, tuple[Variable, ...]] = {
    "": (
        Variable("batch_sizes", "mini-batch sizes", "samples", ("batch_size",)),
        Variable("repeats", "numbers of the repeats of the draws", "1", ("repeat",)),
        Variable("top", "indices of the samples of largest weight", "1", ("top_sample",)),
    ),
    "coordinates": (
        Variable("index", "flat index into the parameter", "1", ("coordinate",)),
        Variable(
            "held_out_predicted",
            "pass probability predicted from one half of the samples",
            "1",
            _CELL,
        ),
        Variable(
            "held_out_passed", "share of repeats passed by batches of the other half", "1", _CELL
        ),
    ),
    **JUDGED,
}

TABLES: dict[str, tuple[Variable, ...]] = {
    "gaussianity": OF_TESTS["summary"],
    "repeatability": OF_TESTS["repeatability"],
    "correlations": OF_CLT["correlations"],
    "prediction": OF_CLT["prediction"],
    "prediction_same_samples": OF_CLT["prediction_same_samples"],
    "calibration_of_prediction": OF_CLT["reliability"],
    "tails": OF_TAILS["summary"],
    "rejected_tails": OF_TAILS["rejected"],
    "largest_batch": OF_TAILS["largest_batch"],
}


class LayerJudgement(NamedTuple):
    """A layer's group: what there is to say of it.

    Attributes:
        parameter: its name.
        parts: of the tests, predictions and tails.
        coordinate: flat indices of the coordinates, (C,).
        behind: indices of the samples at both ends of each example's coordinate; None without stored gradients.
        axes: `batch_sizes` and `repeats`.
        attributes: of the group; what is no number or text is written as JSON.
    """

    parameter: str
    parts: Sequence[Judgement]
    coordinate: NDArray[np.int64]
    behind: NDArray[np.int64] | None
    axes: Mapping[str, Sequence[int]]
    attributes: Mapping[str, Any]


def write(path: Path, layers: Sequence[LayerJudgement], attributes: Mapping[str, Any]) -> None:
    """Write a checkpoint's HDF5 file; it appears whole or not at all. The order of the layers is kept in `parameters`."""
    with results.created(path) as file:
        names = [layer.parameter for layer in layers]
        put_attributes(file, {**attributes, "parameters": json.dumps(names)})
        for layer in layers:
            _write_layer(file.create_group(layer.parameter), layer)


def _write_layer(group: h5py.Group, layer: LayerJudgement) -> None:
    put_attributes(group, layer.attributes)
    axes = {name: np.asarray(numbers, np.int64) for name, numbers in layer.axes.items()}
    _put(group, "", axes)
    _put(group, "coordinates", {"index": layer.coordinate})
    for part in layer.parts:
        for name, rows in part.tables.items():
            if name == "gaussianity":
                put_summary(group, name, rows)
            else:
                put_table(group, name, TABLES[name], rows)
        for below, arrays in part.arrays.items():
            _put(group, below, arrays)
        if part.examples:
            _put(group, "examples", _columns(part.examples, layer.coordinate))
    if layer.behind is not None and "examples" in group:
        _put(group, "examples", {"behind": layer.behind})


def _put(group: h5py.Group, below: str, arrays: Mapping[str, NDArray[Any]]) -> None:
    declared = {variable.name: variable for variable in ARRAYS[below]}
    for name, values in arrays.items():
        place = group.require_group(below) if below else group
        put_array(place, declared[name], values, compressed=below == "coordinates")


def _columns(shown: Sequence[Example], index: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
    columns = {name: [getattr(one, name) for one in shown] for name in Example._fields}
    return {
        "samples": np.array(columns["samples"], np.float32),
        "role": np.array(columns["role"], np.bytes_),
        "batch_size": np.array(columns["batch_size"], np.int64),
        "coordinate": index[np.array(columns["position"], np.int64)],
        **{name: np.array(columns[name], np.float64) for name in ("alpha", "scale", "pvalue")},
    }

"""How a layer's tails are stored: one HDF5 file."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from gradnoise.store.results import put_attributes
from gradnoise.store.work_area import atomic
from gradnoise.tails.analysis import TailAnalysis
from gradnoise.tails.summary import EDGES

DIMENSIONS = ["batch_size", "repeat", "coordinate"]


def write(
    path: Path,
    analysis: TailAnalysis,
    shown: Sequence[Mapping[str, Any]],
    index: NDArray[np.int64],
    axes: Mapping[str, Sequence[int]],
    arrays: Mapping[str, NDArray[Any]],
    tables: Mapping[str, NDArray[Any]],
    attributes: Mapping[str, Any],
) -> None:
    """Write a layer's HDF5 file; it appears whole or not at all.

    Args:
        path: the file.
        analysis: what was found.
        shown: examples: dicts of `role`, `batch_size`, `position`, `alpha`, `scale`, `pvalue`, `samples`.
        index: flat indices of the coordinates in the parameter, (C,).
        axes: `batch_sizes` and `repeats`, the first axes of every array over coordinates.
        arrays: of the per-sample gradients, by name, to the group `samples`; empty where there are none.
        tables: structured arrays by name, beside `summary` and `norms`.
        attributes: of the file; what is no number or text is written as JSON.
    """
    with atomic(path) as temporary, h5py.File(temporary, "w") as file:
        put_attributes(file, attributes)
        for name, numbers in axes.items():
            file[name] = np.asarray(numbers, np.int64)
        file["coordinates/index"] = index
        for method, fields in analysis.indices.items():
            for name, values in fields.items():
                packed = {"compression": "gzip", "compression_opts": 1, "shuffle": True}
                options = packed if values.size else {}
                dataset = file.create_dataset(
                    f"coordinates/{method}/{name}", data=values, **options
                )
                dataset.attrs["dimensions"] = DIMENSIONS
        file["histograms/edges"] = EDGES
        for method, counts in analysis.histograms.items():
            for name, values in counts.items():
                file[f"histograms/{method}/{name}"] = values
        for name, values in arrays.items():
            file[f"samples/{name}"] = values
        for name, rows in {"summary": analysis.summary, "norms": analysis.norms, **tables}.items():
            file[name] = rows
        _write_examples(file.create_group("examples"), shown, index)


def _write_examples(
    group: h5py.Group, shown: Sequence[Mapping[str, Any]], index: NDArray[np.int64]
) -> None:
    group["samples"] = np.array([one["samples"] for one in shown], np.float32)
    for name in ("role", "batch_size", "alpha", "scale", "pvalue"):
        group.attrs[name] = [one[name] for one in shown]
    group.attrs["coordinate"] = [int(index[one["position"]]) for one in shown]

"""What a level of the test makes of a layer's tests: tables, declared and written."""

import json
from typing import Any

import h5py
from numpy.typing import NDArray

from gradnoise.gaussianity.normality import columns
from gradnoise.gaussianity.repeatability import PREFIX
from gradnoise.gaussianity.statistic import Kind
from gradnoise.store.results import put_table
from gradnoise.store.variables import Variable

JUDGED_TABLES: dict[str, tuple[Variable, ...]] = {
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


def put_summary(group: h5py.Group, name: str, summary: NDArray[Any]) -> None:
    """Write a layer's rows; with them, how each column is averaged over layers (`tables.gaussianity`)."""
    put_table(group, name, JUDGED_TABLES["summary"], summary)
    for key in ("kind", "over"):
        described = {column.name: getattr(column, key) for column in columns()}
        group[name].attrs[key] = json.dumps(described)

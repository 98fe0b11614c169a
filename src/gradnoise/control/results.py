"""The table of the positive control: what it holds, and written."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gradnoise.store.tables import write_table
from gradnoise.store.variables import Variable
from gradnoise.tails.stable.index import METHODS

COLUMNS = (
    Variable("distribution", "of the inputs or the label noise; the other is Gaussian", ""),
    Variable("source", "which of them", ""),
    Variable("draws", "fresh samples for every batch, or resampled from the data set", ""),
    Variable("batch_size", "samples in a batch", "samples"),
    Variable("batches", "number of batches", "batches"),
    *(
        column
        for method in METHODS
        for column in (
            Variable(f"alpha_{method}", f"mean index over coordinates, by {method}"),
            Variable(f"null_{method}", f"mean index of Gaussian series, by {method}"),
        )
    ),
    Variable("growth_exponent", "exponent of the per-sample gradients' kurtosis in their number"),
    Variable("growth_error", "its standard error"),
    Variable("finite_variance", "whether the population has a variance", ""),
    Variable("finite_fourth", "whether it has a fourth moment", ""),
    Variable("called_variance", "finite, infinite or undecided: what was found", ""),
    Variable("called_fourth", "the same of the fourth moment", ""),
    Variable("verdict", "right where both calls are the truth, else wrong", ""),
)

TABLES = {"control": COLUMNS}


def write(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write the control as CSV, one row each.

    Args:
        path: the file.
        rows: with the columns above, in any order.
    """
    write_table(path, [{each.name: row[each.name] for each in COLUMNS} for row in rows])

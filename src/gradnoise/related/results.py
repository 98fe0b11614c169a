"""The files of the related studies: a study's arrays and its numbers beside their predictions, written and read."""

import math
from pathlib import Path

import numpy as np

from gradnoise.related.study import Results, Row, Settings
from gradnoise.store.results import (
    Variable,
    created,
    opened,
    put_array,
    put_attributes,
    put_table,
    read_table,
)

STAGE = "related"

# A row for every number of a study.
QUANTITIES = (
    Variable("quantity", "what was measured", ""),
    Variable("measured", "mean over the repeats", "as the quantity"),
    Variable(
        "error", "its standard error over the repeats; 0 where nothing is random", "as the quantity"
    ),
    Variable("degrees", "degrees of freedom of the error"),
    Variable("predicted", "by the theory, missing where it gives no number", "as the quantity"),
    Variable("least", "lower end of the range that the statement gives", "as the quantity"),
    Variable("most", "upper end; infinite on both sides: only shown", "as the quantity"),
)

TABLES = {"quantities": QUANTITIES}


def write(
    path: Path, study: str, settings: Settings, variables: tuple[Variable, ...], found: Results
) -> None:
    """Write one study's file.

    Args:
        path: the file.
        study: its name.
        settings: that it was run with.
        variables: that it declares.
        found: what it gave.
    """
    longest = max(len(row.quantity.encode()) for row in found.rows)
    kinds = [("quantity", f"S{longest}"), *((name, "f8") for name in Row._fields[1:])]
    rows = np.array([(row[0].encode(), *row[1:]) for row in found.rows], dtype=kinds)
    with created(path) as file:
        put_attributes(
            file,
            {
                "study": study,
                "seed": settings.seed,
                "repeats": settings.repeats,
                "length": settings.length,
            },
        )
        for variable in variables:
            put_array(file, variable, found.arrays[variable.name])
        put_table(file, "quantities", QUANTITIES, rows)


def read(path: Path) -> Results:
    """A study's rows and arrays.

    Raises:
        InputError: names the file, where it is missing or damaged.
    """
    table = read_table(path, STAGE, "quantities")
    rows = [] if table is None else [Row(*each) for each in table.tolist()]
    with opened(path, STAGE) as file:
        arrays = {name: file[name][...] for name in file if name != "quantities"}
    return Results(rows, arrays)


def is_judged(row: Row) -> bool:
    """Whether the study's statement gives the number a range."""
    return math.isfinite(row.least) or math.isfinite(row.most)

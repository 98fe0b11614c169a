"""What stands for a whole layer: one row of numbers per batch size, number of batches and repeat; examples.

Percentages count the coordinates that the test passes (p >= significance). An exactly Gaussian layer passes
1 - significance, so 95 % and not 100 % is the ceiling, and how far below a given non-Gaussian law falls depends on the
number of batches.
"""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradnoise.gaussianity.normality import columns
from gradnoise.gaussianity.populations import Coordinate, Population
from gradnoise.gaussianity.statistic import Column, Kind

KEY = ("batch_size", "batches", "repeat")


Fields = Mapping[str, NDArray[Any]]


def dtype() -> np.dtype[Any]:
    """Of the rows: `KEY` and the statistics' columns; counts and labels are int64, the others float64."""
    numbers = [
        (column.name, np.int64 if column.kind == Kind.COUNT else np.float64) for column in columns()
    ]
    return np.dtype([*((name, np.int64) for name in KEY), *numbers])


def summarise(
    coordinates: Fields,
    directions: Fields,
    batch_sizes: Sequence[int],
    batches: Sequence[int],
    repeats: Sequence[int],
    significance: float,
) -> NDArray[Any]:
    """One row for each batch size, number of batches and repeat.

    Every column is a reduction over the coordinates that it is about. `percentage_testable` is the share of
    passing (p >= significance) coordinates among all that are not DIRAC, `percentage_gaussian` among all with
    DIRAC counted as passing (the convention of the paper), `percentage_live` among LIVE alone and
    `percentage_directions` among the testable random directions, all in percent and NaN where there is nothing
    to count. Shares of the classes are 0 to 1. pi0 and `rejections_bh` (at rate `significance`) are over the
    testable; what describes the shape is over the LIVE, whose spread no spike dominates.

    Args:
        coordinates: arrays (S, K, R, C) by the names of the statistics' fields.
        directions: the same, (S, K, R, D).
        batch_sizes: S of them.
        batches: K of them.
        repeats: R of them.
        significance: level of the tests.

    Returns:
        Structured array of S * K * R rows, of `dtype()`.
    """
    rows = np.zeros(len(batch_sizes) * len(batches) * len(repeats), dtype())
    cells = product(enumerate(batch_sizes), enumerate(batches), enumerate(repeats))
    for row, ((s, batch_size), (k, n), (r, repeat)) in zip(rows, cells, strict=True):
        for name, value in zip(KEY, (batch_size, n, repeat), strict=True):
            row[name] = value
        for column in columns():
            source = directions if column.over is Population.DIRECTIONS else coordinates
            cell = {name: source[name][s, k, r] for name in ("class", column.field)}
            row[column.name] = _reduced(column, cell, significance)
    return rows


def _reduced(column: Column, cell: Fields, significance: float) -> float:
    chosen = column.over.members(cell["class"])
    return column.reduce(cell[column.field][chosen], significance)


def roles(cell: Fields) -> dict[str, int]:
    """Which coordinate of a cell plays which role; a role that nobody plays is left out.

    Args:
        cell: arrays (C,): `pvalue`, `statistic`, `class`.

    Returns:
        Positions of `typical`, the live coordinate of median p-value; `worst`, the testable one of smallest W;
        `dead`, the first DIRAC one.
    """
    classes = cell["class"]
    live = np.flatnonzero(classes == Coordinate.LIVE)
    testable = np.flatnonzero(classes != Coordinate.DIRAC)
    dead = np.flatnonzero(classes == Coordinate.DIRAC)
    found = {}
    if live.size:
        order = np.argsort(cell["pvalue"][live], kind="stable")
        found["typical"] = int(live[order[live.size // 2]])
    if testable.size:
        found["worst"] = int(testable[np.argmin(cell["statistic"][testable])])
    if dead.size:
        found["dead"] = int(dead[0])
    return found

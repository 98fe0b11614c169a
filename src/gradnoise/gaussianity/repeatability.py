"""How far the coordinates that pass are the same in every repeat of the draws."""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradnoise.gaussianity.normality import columns
from gradnoise.gaussianity.populations import Population
from gradnoise.gaussianity.statistic import Kind

KEY = ("batch_size", "batches")

PREFIX = "within_"  # of the column of a percentage

Fields = Mapping[str, NDArray[Any]]


def dtype() -> np.dtype[Any]:
    """Of the rows: `KEY`, int64, and a float64 for every percentage."""
    names = [PREFIX + column.name for column in columns() if column.kind == Kind.PERCENTAGE]
    return np.dtype([*((name, np.int64) for name in KEY), *((name, np.float64) for name in names)])


def repeatability(
    coordinates: Fields,
    directions: Fields,
    batch_sizes: Sequence[int],
    batches: Sequence[int],
    significance: float,
) -> NDArray[Any]:
    """Variance of passing over repeats, mean over coordinates: one row for each batch size and number of batches.

    Of the coordinates (or directions) that a percentage counts in every repeat. It is what a percentage of C
    coordinates varies by over repeats, times C, were they independent of each other; with the variance between
    coordinates it adds to p (1 - p).

    Args:
        coordinates: arrays (S, K, R, C) by the names of the statistics' fields.
        directions: the same, (S, K, R, D).
        batch_sizes: S of them.
        batches: K of them.
        significance: level of the tests.

    Returns:
        Structured array of S * K rows, of `dtype()`; NaN for a single repeat, or where nothing is counted.
    """
    rows = np.zeros(len(batch_sizes) * len(batches), dtype())
    cells = product(enumerate(batch_sizes), enumerate(batches))
    for row, ((s, batch_size), (k, n)) in zip(rows, cells, strict=True):
        row["batch_size"], row["batches"] = batch_size, n
        for column in columns():
            if column.kind != Kind.PERCENTAGE:
                continue
            source = directions if column.over is Population.DIRECTIONS else coordinates
            always = column.over.members(source["class"][s, k]).all(axis=0)
            pvalues = source[column.field][s, k][:, always]
            known = not np.isnan(pvalues).any()
            passes = pvalues >= significance
            row[PREFIX + column.name] = passing_variance(passes) if known else np.nan
    return rows


def passing_variance(passes: NDArray[np.bool_]) -> float:
    """Mean over coordinates of p_c (1 - p_c), without bias; p_c is a coordinate's chance of passing.

    Args:
        passes: (R, C), whether a coordinate passes in a repeat.

    Returns:
        0 to 1/4 on average; NaN for fewer than two repeats, or no coordinates.
    """
    repeats = len(passes)
    if repeats < 2 or not passes.shape[1]:
        return float("nan")
    share = passes.mean(axis=0)
    return float(np.mean(share * (1 - share)) * repeats / (repeats - 1))

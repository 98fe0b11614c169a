"""What stands for a layer: rows by batch size, quantiles over its coordinates."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradnoise.clt.berry_esseen import berry_esseen_bound, edgeworth_distance
from gradnoise.clt.columns import empty_rows
from gradnoise.store.variables import NORMAL, QUANTILES, quantile_names

Floats = NDArray[np.float64]


ROUNDING = 1e-4  # by which a distance computed from a lattice may exceed a bound


def bounds(shapes: Mapping[str, Floats], batch_sizes: list[int]) -> dict[str, Floats]:
    """Best Berry-Esseen bound and Edgeworth's leading term, (S, C) each."""
    sizes = np.array(batch_sizes)[:, None]
    # Moments are rounded: a two-point law's rho of exactly 1 may come out a trifle below.
    rho = np.maximum(shapes["rho"], 1.0)
    return {
        "bound": berry_esseen_bound(rho, sizes),
        "edgeworth": edgeworth_distance(shapes["skewness"], sizes),
    }


def summarise(
    limits: Mapping[str, Floats],
    exact: tuple[NDArray[np.int64], Floats] | None,
    batch_sizes: list[int],
) -> NDArray[Any]:
    """One row per batch size: quantiles over coordinates, and the bound against the exact distance.

    Args:
        limits: as `bounds` returns, (S, C) each.
        exact: places (E,) of some coordinates among the C, and their exact distances (S, E); or None.
        batch_sizes: the S batch sizes.

    Returns:
        Structured array (S,) with the columns of `columns.TABLES["summary"]`.
    """
    rows = empty_rows("summary", len(batch_sizes))
    rows["batch_size"] = batch_sizes
    for s, row in enumerate(rows):
        values = {name: each[s] for name, each in limits.items()}
        values |= {"exact": np.empty(0), "exact_over_bound": np.empty(0)}
        if exact is not None:
            position, distances = exact
            values["exact"], bound = distances[s], limits["bound"][s, position]
            live = ~np.isnan(distances[s])
            row["exact_count"] = live.sum()
            row["violations"] = np.sum(distances[s, live] > bound[live] + ROUNDING)
            values["exact_over_bound"] = distances[s] / bound
        for name, each in values.items():
            for column, value in zip(quantile_names(name), quantiles(each), strict=True):
                row[column] = value
    return rows


def quantiles(values: Floats) -> list[float]:
    """The percentiles QUANTILES of the values that exist; NaN where none does."""
    present = values[~np.isnan(values)]
    if not present.size:
        return [np.nan] * len(QUANTILES)
    return [float(q) for q in np.percentile(present, QUANTILES)]


def log_spread(values: Floats) -> tuple[float, float]:
    """Logarithm of the distance of the 5 and 95 % quantiles, and its standard error over the choice of values.

    A quantile's error is a quarter of its 95 % interval by order statistics (Woodruff 1952, JASA 47), and two
    quantiles' correlation that of any continuous law. NaN without a spread.
    """
    present = values[~np.isnan(values)]
    ends = QUANTILES[0] / 100, QUANTILES[-1] / 100
    if not present.size:
        return np.nan, np.nan
    errors = []
    for share in ends:
        half = NORMAL * np.sqrt(share * (1 - share) / present.size)
        low, high = np.quantile(present, np.clip([share - half, share + half], 0, 1))
        errors.append((high - low) / (2 * NORMAL))
    spread = float(np.subtract(*np.quantile(present, ends[::-1])))
    if not spread > 0:
        return np.nan, np.nan
    correlation = np.sqrt(ends[0] * (1 - ends[1]) / (ends[1] * (1 - ends[0])))
    variance = errors[0] ** 2 + errors[1] ** 2 - 2 * correlation * errors[0] * errors[1]
    return float(np.log(spread)), float(np.sqrt(variance) / spread)

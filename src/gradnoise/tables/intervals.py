"""Means with their uncertainty, over the right unit.

The unit of an interval is the training seed where there are three or more (it speaks of the architecture),
else the repeat of the mini-batch draws (it speaks of the networks measured). Coordinates are never the
unit: they share the same batches. Batches are never resampled: duplicates are ties, which the Shapiro-Wilk
test takes for non-Gaussian.

Tables here have one row per (seed, repeat), the two index levels, and one column per quantity. Quantities
that are compared stand in the same table, so that their difference is paired before it is averaged.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtrit

from gradnoise.tables.scope import Unit, unit


def estimate(table: pd.DataFrame, over: Unit | None = None) -> pd.DataFrame:
    """Mean of every column, its standard error and its degrees of freedom.

    Over seeds, repeats are averaged within each seed and the seeds vary; over repeats, the mean over seeds has the
    standard error of its repeats, sqrt(sum_s v_s / R_s) / S.

    Args:
        table: one row per (seed, repeat), NaN where a value does not exist.
        over: what varies; as `unit` says where it is not given.

    Returns:
        One row per column of `table`: `value`, `standard_error`, `degrees` (NaN, NaN and 0 where nothing
        was repeated).
    """
    by_seed = table.groupby(level="seed")
    means = by_seed.mean()
    seeds = means.count()
    if (over or unit(len(means))) == "seed":
        error: pd.Series = means.std(ddof=1) / np.sqrt(seeds)
        degrees = (seeds - 1).clip(lower=0)
    else:
        counts = by_seed.count()
        error = np.sqrt((by_seed.var(ddof=1) / counts).sum(skipna=False)) / seeds
        degrees = (counts - 1).clip(lower=0).sum()
    return pd.DataFrame(
        {"value": means.mean(), "standard_error": error, "degrees": degrees.astype(float)}
    )


def summarise(table: pd.DataFrame, by: list[str], columns: list[str]) -> pd.DataFrame:
    """Means over seeds and repeats with 95 % intervals: one row for each cell of `by`, in its first order.

    Args:
        table: one row per seed (and repeat, where there is such a column) and cell.
        by: columns that name a cell.
        columns: quantities, NaN where one does not exist.

    Returns:
        `by`, and for every quantity q the columns q, q_lower, q_upper; besides `unit`, `n_seeds`, `n_repeats`.
    """
    rows = table if "repeat" in table else table.assign(repeat=1)
    cells = rows[by].drop_duplicates()
    seeds = rows["seed"].nunique()
    for name in columns:
        means = estimate(rows.pivot(index=["seed", "repeat"], columns=by, values=name))
        lower, upper = interval(means)
        found = {name: means["value"], f"{name}_lower": lower, f"{name}_upper": upper}
        cells = cells.join(pd.DataFrame(found), on=by)
    return cells.assign(unit=unit(seeds), n_seeds=seeds, n_repeats=rows["repeat"].nunique())


def difference(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """Difference of independent estimates, with Welch and Satterthwaite's degrees of freedom."""
    squares = first["standard_error"] ** 2, second["standard_error"] ** 2
    total = squares[0] + squares[1]
    degrees = total**2 / (squares[0] ** 2 / first["degrees"] + squares[1] ** 2 / second["degrees"])
    return pd.DataFrame(
        {
            "value": first["value"] - second["value"],
            "standard_error": np.sqrt(total),
            "degrees": degrees,
        }
    )


def repeat_deviation(table: pd.DataFrame) -> pd.DataFrame:
    """Standard deviation over repeats, pooled over seeds: `value` and `degrees` for every column."""
    by_seed = table.groupby(level="seed")
    degrees = (by_seed.count() - 1).clip(lower=0)
    pooled = (by_seed.var(ddof=1).fillna(0.0) * degrees).sum() / degrees.sum().replace(0, np.nan)
    return pd.DataFrame({"value": np.sqrt(pooled), "degrees": degrees.sum().astype(float)})


def interval(estimates: pd.DataFrame, level: float = 0.95) -> tuple[pd.Series, pd.Series]:
    """Lower and upper bound of Student's t interval for every estimate.

    Args:
        estimates: as `estimate` returns.
        level: probability that an interval covers.
    """
    tail = (1 - level) / 2
    degrees = estimates["degrees"].where(estimates["degrees"] > 0)
    half = -stdtrit(degrees, tail) * estimates["standard_error"]
    return estimates["value"] - half, estimates["value"] + half


def weighted_mean(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Mean over entries that exist (not NaN) and weigh something; NaN where there is none."""
    weights = np.where(np.isnan(values), 0.0, weights)
    total = float(weights.sum())
    return float(np.nansum(values * weights) / total) if total > 0 else float("nan")

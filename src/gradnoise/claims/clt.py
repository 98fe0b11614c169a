"""What claims on per-sample moments and on the central limit theorem say of a network.

As in `measurements`: each function takes a run's evidence, a number of batches and the column of a convention,
and returns families of components.
"""

import numpy as np
import pandas as pd

from gradnoise.claims.evidence import Contrast, Evidence, NotTestableError, at, simultaneous
from gradnoise.claims.gaussianity import MARGIN, Families
from gradnoise.claims.verdicts import CONTRADICTED, SUPPORTED, UNDECIDED, Component, components
from gradnoise.clt.rank_correlation import permutation_pvalue, spearman
from gradnoise.tables.intervals import difference, estimate, unit

ERROR = 5.0  # points, mean over layers and batch sizes


FEWEST = 30  # coordinates with a prediction that a layer and batch size needs to count


LAYERS = 5  # whose 120 orders can give a p-value below 0.05


def third_moment_orders_layers(run: Evidence, batches: int, column: str) -> Families:
    """Over layers: exact permutation test of Spearman's correlation. Within: partial correlation below 0.

    At the smallest batch size, where there is most to see.
    """
    rho = run.statistic("layers", "rho_q50").mean()
    size = run.sizes[0]
    passed = at(run.last(batches, column), "batch_size", size).mean()
    both = pd.DataFrame({"rho": rho, "passed": passed}).dropna()
    if len(both) < LAYERS:
        raise NotTestableError(f"needs {LAYERS} layers or more")
    correlation = spearman(both["rho"], both["passed"])
    pvalue = permutation_pvalue(both["rho"], both["passed"])
    decision = UNDECIDED if pvalue >= 0.05 else SUPPORTED if correlation < 0 else CONTRADICTED
    label = f"rank correlation over {len(both)} layers, exact p = {pvalue:.3f}"
    over = Component(label, correlation, np.nan, np.nan, most=0.0, decision=decision)
    inside = run.statistic("correlations", "partial_spearman_rho", ["batch_size", "batches"])
    within = [
        Contrast(
            f"{layer} at batch size {size}: partial rank correlation of rho and passing",
            inside[layer, size, batches],
            most=0,
        )
        for layer in run.layers.index
        if (layer, size, batches) in inside and inside[layer, size, batches].notna().all()
    ]
    return [[over], simultaneous(within)] if within else [[over]]


def central_limit_alone(run: Evidence, batches: int, column: str) -> Families:
    """Held-out prediction: error at most 5 points, Deming slope 1, better than two simpler guesses."""
    predicted, measured = _cells(run, batches)
    errors = (measured - predicted).abs().mean(axis=1)
    ceiling = (measured - 95).abs().mean(axis=1)
    layer_means = measured.T.groupby(level="layer").transform("mean").T
    constant = (measured - layer_means).abs().mean(axis=1)
    slopes = pd.Series(
        [deming_slope(predicted.loc[row], measured.loc[row]) for row in measured.index],
        measured.index,
    )
    return [
        simultaneous(
            [
                Contrast("mean absolute error, points", errors, most=ERROR),
                Contrast("Deming slope of measured on predicted", slopes, 1, 1),
                Contrast("error minus that of '95 % everywhere'", errors - ceiling, most=0),
                Contrast("error minus that of the layer's mean", errors - constant, most=0),
            ]
        )
    ]


def power_of_the_test(run: Evidence, batches: int, column: str) -> Families:
    """Measured minus predicted changes by less than 3 points from the fewest to the most batches."""
    if len(run.counts) < 2:
        raise NotTestableError("needs two numbers of batches")
    gaps = []
    for count in (run.counts[0], run.counts[-1]):
        predicted, measured = _cells(run, count)
        gaps.append(measured - predicted)
    change = (gaps[1] - gaps[0]).dropna(axis=1)
    if change.empty:
        raise NotTestableError("needs held-out predictions at both numbers of batches")
    return [
        simultaneous(
            [
                Contrast(
                    f"{layer} at batch size {size}: change from {run.counts[0]} to {run.counts[-1]}",
                    change[layer, size],
                    -MARGIN,
                    MARGIN,
                )
                for layer, size in map(tuple, change.columns)
            ]
        )
    ]


def deming_slope(x: pd.Series, y: pd.Series) -> float:
    """Slope of the line through the means that is nearest to all points: errors in both, equally large."""
    a, b = (each.to_numpy(float) - np.mean(each.to_numpy(float)) for each in (x, y))
    xx, yy, xy = float(a @ a), float(b @ b), float(a @ b)
    if xy == 0:
        return float("nan")
    return (yy - xx + np.sqrt((yy - xx) ** 2 + 4 * xy**2)) / (2 * xy)


def _cells(run: Evidence, batches: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Predicted and measured percentages by (layer, batch size), repeats averaged where seeds are the unit."""
    count = run.statistic("prediction", "coordinates", ["batch_size", "batches"])
    tables = []
    for column in ("predicted_percentage", "measured_percentage"):
        table = run.statistic("prediction", column, ["batch_size", "batches"])
        table = at(table.where(count >= FEWEST), "batches", batches).dropna(axis=1)
        if unit(len(run.seeds)) == "seed":
            table = table.groupby(level="seed").mean()
            table.index = pd.MultiIndex.from_product([table.index, [0]], names=["seed", "repeat"])
        tables.append(table)
    if tables[1].shape[1] < 2:
        raise NotTestableError(f"needs layers with {FEWEST} predictable coordinates or more")
    return tables[0], tables[1]


def third_moments_wider(first: Evidence, second: Evidence) -> list[Component]:
    """Log ratio of two networks' spread of rho, 95 % minus 5 % quantile, mean over layers: above 0."""
    logs = []
    for run in (first, second):
        spread = run.statistic("layers", "rho_q95") - run.statistic("layers", "rho_q05")
        logs.append(estimate(pd.DataFrame({"spread": np.log(spread).mean(axis=1)})))
    rows = difference(*logs)
    rows.index = pd.Index([f"log spread of rho, {first.name} minus {second.name}"])
    return components(rows, pd.DataFrame({"least": [0.0]}))

"""Claims on per-sample moments and on the central limit theorem.

A measure takes a run's evidence and what its cases say (see `decision.Claim`), and returns families of
components. Percentages are in points.
"""

import numpy as np
import pandas as pd

from gradnoise.claims.decision import Claim, batch_counts, once
from gradnoise.claims.evidence import Contrast, Evidence, Pair, at, need, simultaneous
from gradnoise.claims.experiment import Experiment
from gradnoise.claims.gaussianity import MARGIN
from gradnoise.claims.verdicts import (
    CONTRADICTED,
    SUPPORTED,
    UNDECIDED,
    Component,
    Families,
    components,
)
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
    need(len(both) >= LAYERS, f"{LAYERS} layers or more")
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


def central_limit_alone(run: Evidence, batches: int) -> Families:
    """Held-out prediction: error at most 5 points, Deming slope 1, better than two simpler guesses."""
    predicted, measured = _cells(run, batches)
    errors = (measured - predicted).abs().mean(axis=1)
    ceiling = (measured - run.ceiling).abs().mean(axis=1)
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
                Contrast(
                    f"error minus that of '{run.ceiling:g} % everywhere'", errors - ceiling, most=0
                ),
                Contrast("error minus that of the layer's mean", errors - constant, most=0),
            ]
        )
    ]


def power_of_the_test(run: Evidence) -> Families:
    """Measured minus predicted changes by less than 3 points from the fewest to the most batches."""
    need(len(run.counts) > 1, "two numbers of batches")
    gaps = []
    for count in (run.counts[0], run.counts[-1]):
        predicted, measured = _cells(run, count)
        gaps.append(measured - predicted)
    change = (gaps[1] - gaps[0]).dropna(axis=1)
    need(not change.empty, "held-out predictions at both numbers of batches")
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
    need(tables[1].shape[1] > 1, f"layers with {FEWEST} predictable coordinates or more")
    return tables[0], tables[1]


def alexnets_and_resnets(experiment: Experiment) -> list[Pair]:
    """Every AlexNet, without and with BatchNorm, beside every residual network."""
    pairs = [
        Pair(wide, narrow)
        for wide in experiment.runs
        for narrow in experiment.runs
        if wide.family == "alexnet" and narrow.family == "resnet"
    ]
    need(bool(pairs), "an AlexNet and a ResNet in one experiment")
    return pairs


def third_moments_wider(pair: Pair) -> Families:
    """Log ratio of two networks' spread of rho, 95 % minus 5 % quantile, mean over layers: above 0."""
    logs = []
    for run in (pair.first, pair.second):
        spread = run.statistic("layers", "rho_q95") - run.statistic("layers", "rho_q05")
        logs.append(estimate(pd.DataFrame({"spread": np.log(spread).mean(axis=1)})))
    rows = difference(*logs)
    rows.index = pd.Index([f"log spread of rho, {pair.first.name} minus {pair.second.name}"])
    parts = components(rows, pd.DataFrame({"least": [0.0]}))
    need(not np.isnan(parts[0].lower), "three training seeds of both networks")
    return [parts]


CLAIMS = [
    Claim(
        "third_moment_orders_layers",
        "Layers with a larger third moment are less Gaussian",
        "paper",
        third_moment_orders_layers,
        measured_in="",
    ),
    Claim(
        "alexnet_third_moments_wider",
        "AlexNet's third moments spread wider than ResNet's",
        "paper",
        third_moments_wider,
        about=alexnets_and_resnets,
        cases=once,
        measured_in="",
    ),
    Claim(
        "central_limit_alone",
        "The finite-batch central limit theorem alone explains the pass rates",
        "gradnoise",
        central_limit_alone,
        cases=batch_counts,
    ),
    Claim(
        "power_of_the_test",
        "200 and 600 batches differ by the power of the test only",
        "gradnoise",
        power_of_the_test,
        cases=once,
    ),
]

"""Claims on per-sample moments and on the central limit theorem.

A measure takes a run's evidence, a scope and what its cases say (see `claim.Claim`), and returns components.
Percentages are in points.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from gradnoise.claims.claim import Claim, batch_counts, once
from gradnoise.claims.evidence import Evidence, Pair, at, need
from gradnoise.claims.experiment import Experiment
from gradnoise.claims.quantities import MARGIN, Quantity, repeated
from gradnoise.claims.scheme.component import Component
from gradnoise.claims.scheme.contrasts import ARCHITECTURE, Scope
from gradnoise.clt.rank_correlation import permutation_pvalue, spearman
from gradnoise.tables.intervals import difference, estimate

SLOPE = 0.1  # of a slope that shall be 1


ERROR = 5.0  # points, mean over layers and batch sizes


FEWEST = 30  # coordinates with a prediction that a layer and batch size needs to count


LAYERS = 5  # whose 120 orders can give a p-value below 0.05


def third_moment_orders_layers(
    run: Evidence, scope: Scope, batches: int, column: str
) -> Sequence[Component]:
    """Spearman's correlation of rho and passing over layers below 0, by its exact permutation test.

    At the smallest batch size, where there is most to see.
    """
    rho = run.statistic("layers", "rho_q50").mean()
    size = run.sizes[0]
    passed = at(run.last(batches, column), "batch_size", size).mean()
    both = pd.DataFrame({"rho": rho, "passed": passed}).dropna()
    need(len(both) >= LAYERS, f"{LAYERS} layers or more")
    correlation = spearman(both["rho"], both["passed"])
    pvalue = permutation_pvalue(both["rho"], both["passed"])
    label = f"rank correlation over {len(both)} layers, exact p = {pvalue:.3f}"
    one_sided = pvalue / 2
    pvalues = (one_sided, 1.0) if correlation < 0 else (1.0, one_sided)
    return [Component(label, correlation, np.nan, most=0.0, pvalues=pvalues)]


def central_limit_alone(run: Evidence, scope: Scope, batches: int) -> Sequence[Component]:
    """Held-out prediction: error at most 5 points, Deming slope 1 ± 0.1, better than two simpler guesses."""
    predicted, measured = _cells(run, batches, scope)
    errors = (measured - predicted).abs().mean(axis=1)
    ceiling = (measured - run.ceiling).abs().mean(axis=1)
    layer_means = measured.T.groupby(level="layer").transform("mean").T
    constant = (measured - layer_means).abs().mean(axis=1)
    slopes = pd.Series(
        [deming_slope(predicted.loc[row], measured.loc[row]) for row in measured.index],
        measured.index,
    )
    everywhere = f"error minus that of '{run.ceiling:g} % everywhere'"
    return repeated(
        [
            Quantity(label="mean absolute error, points", values=errors, most=ERROR, margin=ERROR),
            Quantity(
                label="Deming slope of measured on predicted",
                values=slopes,
                least=1 - SLOPE,
                most=1 + SLOPE,
            ),
            Quantity(label=everywhere, values=errors - ceiling, most=0),
            Quantity(
                label="error minus that of the layer's mean", values=errors - constant, most=0
            ),
        ],
        scope,
    )


def power_of_the_test(run: Evidence, scope: Scope) -> Sequence[Component]:
    """Measured minus predicted changes by less than 3 points from the fewest to the most batches."""
    need(len(run.counts) > 1, "two numbers of batches")
    gaps = []
    for count in (run.counts[0], run.counts[-1]):
        predicted, measured = _cells(run, count, scope)
        gaps.append(measured - predicted)
    change = (gaps[1] - gaps[0]).dropna(axis=1)
    need(not change.empty, "held-out predictions at both numbers of batches")
    quantities = [
        Quantity(
            label=f"{layer} at batch size {size}: change from {run.counts[0]} to {run.counts[-1]}",
            values=change[layer, size],
            least=-MARGIN,
            most=MARGIN,
        )
        for layer, size in map(tuple, change.columns)
    ]
    return repeated(quantities, scope)


def deming_slope(x: pd.Series, y: pd.Series) -> float:
    """Slope of the line through the means that is nearest to all points: errors in both, equally large."""
    a, b = (each.to_numpy(float) - np.mean(each.to_numpy(float)) for each in (x, y))
    xx, yy, xy = float(a @ a), float(b @ b), float(a @ b)
    if xy == 0:
        return float("nan")
    return (yy - xx + np.sqrt((yy - xx) ** 2 + 4 * xy**2)) / (2 * xy)


def _cells(run: Evidence, batches: int, scope: Scope) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Predicted and measured percentages by (layer, batch size), repeats averaged for the architecture."""
    count = run.statistic("prediction", "coordinates", ["batch_size", "batches"])
    tables = []
    for column in ("predicted_percentage", "measured_percentage"):
        table = run.statistic("prediction", column, ["batch_size", "batches"])
        table = at(table.where(count >= FEWEST), "batches", batches).dropna(axis=1)
        if scope == ARCHITECTURE:
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


def third_moments_wider(pair: Pair, scope: Scope) -> Sequence[Component]:
    """Log ratio of two networks' spread of rho, 95 % minus 5 % quantile, mean over layers: above 0."""
    need(scope == ARCHITECTURE, "three training seeds of both networks")
    logs = []
    for run in (pair.first, pair.second):
        spread = run.statistic("layers", "rho_q95") - run.statistic("layers", "rho_q05")
        logs.append(estimate(pd.DataFrame({"spread": np.log(spread).mean(axis=1)}), "seed"))
    ((value, error, degrees),) = difference(*logs).itertuples(index=False)
    label = f"log spread of rho, {pair.first.name} minus {pair.second.name}"
    return [Component(label, float(value), float(error), float(degrees), least=0.0, margin=0.1)]


CLAIMS = [
    Claim(
        "third_moment_orders_layers",
        "Layers with a larger third moment are less Gaussian",
        "gradient noise",
        "paper",
        "rank correlation over layers of the median third moment and the percentage",
        third_moment_orders_layers,
        unit="",
    ),
    Claim(
        "alexnet_third_moments_wider",
        "AlexNet's third moments spread wider than ResNet's",
        "gradient noise",
        "paper",
        "log ratio of the spread of third moments",
        third_moments_wider,
        about=alexnets_and_resnets,
        cases=once,
        unit="",
    ),
    Claim(
        "central_limit_alone",
        "The finite-batch central limit theorem alone explains the pass rates",
        "ours",
        "gradnoise",
        "percentages predicted from moments of other samples, and measured",
        central_limit_alone,
        cases=batch_counts,
    ),
    Claim(
        "power_of_the_test",
        "200 and 600 batches differ by the power of the test only",
        "ours",
        "gradnoise",
        "change of measured minus predicted percentage with the number of batches",
        power_of_the_test,
        cases=once,
    ),
]

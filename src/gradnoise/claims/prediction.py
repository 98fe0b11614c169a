"""Claims on predicted pass rates: does the finite-batch central limit theorem alone explain what is measured?

A measure takes a run's evidence, a scope and what its cases say (see `claim.Claim`), and returns components.
Percentages are in points. Layers of which fewer than half of the testable coordinates have a prediction are left out.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gradnoise.claims.claim import Claim, batch_counts, deciding, once
from gradnoise.claims.evidence import Evidence, at, need
from gradnoise.claims.quantities import MARGIN, Quantity, Ranged, repeated
from gradnoise.claims.scheme.component import Component
from gradnoise.claims.scheme.root_mean_square import root_mean_square
from gradnoise.clt.columns import COVERED, GROUPS
from gradnoise.tables.moderated.contrasts import ARCHITECTURE, Scope
from gradnoise.tables.scope import REPEATS_NEEDED

SLOPE = 0.1  # of a slope that shall be 1

ERROR = 5.0  # points, mean over layers and batch sizes

FEWEST = 30  # coordinates with a prediction that a layer and batch size needs to count

STEP = 1e-3  # of a prediction's error, for derivatives

Floats = NDArray[np.float64]

Find = Callable[[Floats, Floats], float]  # of predicted and measured percentages


class Cells(NamedTuple):
    """Percentages by (layer, batch size): rows (seed, repeat)."""

    predicted: pd.DataFrame
    measured: pd.DataFrame
    error: pd.DataFrame  # of the predictions, over samples


def central_limit_alone(run: Evidence, scope: Scope, batches: int) -> Sequence[Component]:
    """Held-out prediction: error at most 5 points, Deming slope 1 ± 0.1, better than two simpler guesses.

    Of these networks, the errors are those of the measurements over repeats, and of the predictions over samples.
    """
    cells = _cells(run, batches)
    layers = cells.measured.columns.get_level_values("layer")
    ceiling = run.ceiling

    def absolute(predicted: Floats, measured: Floats) -> float:
        return float(np.abs(measured - predicted).mean())

    def beside_the_ceiling(predicted: Floats, measured: Floats) -> float:
        return absolute(predicted, measured) - float(np.abs(measured - ceiling).mean())

    def beside_the_layer(predicted: Floats, measured: Floats) -> float:
        own = pd.Series(measured).groupby(np.asarray(layers)).transform("mean").to_numpy()
        return absolute(predicted, measured) - float(np.abs(measured - own).mean())

    around = {"least": 1 - SLOPE, "most": 1 + SLOPE}
    below = {"most": 0.0}
    described: list[tuple[str, Find, dict[str, float], float]] = [
        ("mean absolute error, points", absolute, {"most": ERROR, "margin": ERROR}, 0.0),
        ("Deming slope of measured on predicted", deming_slope, around, -np.inf),
        (f"error minus that of '{ceiling:g} % everywhere'", beside_the_ceiling, below, -np.inf),
        ("error minus that of the layer's mean", beside_the_layer, below, -np.inf),
    ]
    return [
        _component(Ranged(label=label, **range_), cells, find, scope, lowest)  # type: ignore[arg-type]
        for label, find, range_, lowest in described
    ]


def pseudo_values(cells: Cells, find: Find) -> pd.Series:
    """A number found of each network's means over repeats, as pseudo-values of a jackknife over the repeats.

    Noise adds to an absolute error, and a mean over repeats has less of it: the mean of pseudo-values is without
    that bias, to the first order.
    """
    found = []
    for seed in cells.measured.index.unique("seed"):
        predicted, measured = (
            table.loc[seed].to_numpy(float) for table in (cells.predicted, cells.measured)
        )
        count = len(measured)
        whole = find(predicted.mean(axis=0), measured.mean(axis=0))
        if count == 1:
            found.append(whole)
            continue
        found += [
            count * whole
            - (count - 1) * find(predicted[rest].mean(axis=0), measured[rest].mean(axis=0))
            for rest in ~np.eye(count, dtype=bool)
        ]
    return pd.Series(found, cells.measured.index)


def _component(ranged: Ranged, cells: Cells, find: Find, scope: Scope, lowest: float) -> Component:
    """With its error over seeds; or over repeats, and the predictions' over samples."""
    quantity = Quantity(**vars(ranged), values=pseudo_values(cells, find))
    (part,) = repeated([quantity], scope)
    if scope == ARCHITECTURE:  # seeds differ by all errors
        return replace(part, lowest=lowest)
    seeds = cells.measured.index.unique("seed")
    squares = sum(_error_of_predictions(cells, seed, find) ** 2 for seed in seeds)
    variances = part.error**2, squares / len(seeds) ** 2
    # Welch and Satterthwaite's degrees of both: of the repeats, and of the groups of samples.
    each = variances[0] ** 2 / part.degrees, variances[1] ** 2 / ((GROUPS - 1) * len(seeds))
    total = sum(variances)
    degrees = total**2 / sum(each) if total else part.degrees
    return quantity.component(part.value, float(np.sqrt(total)), degrees, lowest=lowest)


def _error_of_predictions(cells: Cells, seed: int, find: Find) -> float:
    """Standard error of a number from those of one network's predictions, to first order.

    A layer's predictions are of the same samples at every batch size: they are off together.
    """
    predicted, measured, error = (table.loc[seed].to_numpy(float).mean(axis=0) for table in cells)
    layers = np.asarray(cells.measured.columns.get_level_values("layer"))
    steps = [np.where(layers == layer, error, 0.0) for layer in np.unique(layers)]
    changes = [
        find(predicted + STEP * step, measured) - find(predicted - STEP * step, measured)
        for step in steps
    ]
    return float(np.linalg.norm(changes) / (2 * STEP))


def power_of_the_test(run: Evidence, scope: Scope) -> Sequence[Component]:
    """Root mean square, over layers and batch sizes, of the change of measured minus predicted: below 3 points."""
    need(len(run.counts) > 1, "two numbers of batches")
    few, many = (_cells(run, count) for count in (run.counts[0], run.counts[-1]))
    change = (many.measured - many.predicted - few.measured + few.predicted).dropna(axis=1)
    need(change.shape[1] > 1, "held-out predictions at both numbers of batches")
    label = (
        f"root mean square over {change.shape[1]} layers and batch sizes of the change of measured minus "
        f"predicted from {run.counts[0]} to {run.counts[-1]} batches"
    )
    by_seed = change.groupby(level="seed")
    groups = [by_seed.mean()] if scope == ARCHITECTURE else [rows for _, rows in by_seed]
    need(min(map(len, groups)) >= REPEATS_NEEDED, f"{REPEATS_NEEDED} repeats of the draws")
    # The mean of independent groups of rows: networks, or the one group of all seeds.
    means = np.mean([rows.mean().to_numpy() for rows in groups], axis=0)
    parts = [np.cov(rows.to_numpy().T) / len(rows) for rows in groups]
    if scope != ARCHITECTURE:
        parts += _of_predictions((many.error - few.error)[change.columns])
    covariance = np.sum(parts, axis=0) / len(groups) ** 2
    degrees = sum(len(rows) - 1 for rows in groups)
    return [root_mean_square(label, means, covariance, degrees, MARGIN)]


def _of_predictions(errors: pd.DataFrame) -> list[Floats]:
    """Covariances that errors of predictions add, of every network: those of a layer are off together."""
    layers = np.asarray(errors.columns.get_level_values("layer"))
    same = layers[:, np.newaxis] == layers
    by_seed = errors.groupby(level="seed").mean().to_numpy(float)
    return [same * np.outer(row, row) for row in by_seed]


def deming_slope(predicted: Floats, measured: Floats) -> float:
    """Slope of the line through the means that is nearest to all points: errors in both, equally large."""
    a, b = predicted - predicted.mean(), measured - measured.mean()
    xx, yy, xy = float(a @ a), float(b @ b), float(a @ b)
    if xy == 0:
        return float("nan")
    return float((yy - xx + np.sqrt((yy - xx) ** 2 + 4 * xy**2)) / (2 * xy))


def coverage(run: Evidence, batches: int) -> pd.Series:
    """Share of a layer's testable coordinates that have a prediction, mean over batch sizes and networks."""
    shares = run.statistic("prediction", "coverage", ["batch_size", "batches"])
    return at(shares, "batches", batches).mean().groupby(level="layer", sort=False).mean()


def coverage_remark(run: Evidence) -> str:
    """Which share of the coordinates is spoken of, and which layers are not."""
    found = coverage(run, deciding(run.counts))
    kept = found[found >= COVERED]
    text = f"predictions cover {100 * kept.mean():.0f} % of the testable coordinates of {len(kept)} layers"
    left = [f"{layer} ({100 * share:.0f} %)" for layer, share in found.items() if share < COVERED]
    return f"{text}; not covered: {', '.join(left)}" if left else text


def _cells(run: Evidence, batches: int) -> Cells:
    """What can be compared: layers that are covered, at batch sizes with enough coordinates."""
    count = run.statistic("prediction", "coordinates", ["batch_size", "batches"])
    shares = coverage(run, batches)
    covered = [layer for layer in shares.index if shares[layer] >= COVERED]
    need(bool(covered), f"a layer with predictions for {100 * COVERED:g} % of its coordinates")
    tables = []
    for column in ("predicted_percentage", "measured_percentage", "predicted_error"):
        table = run.statistic("prediction", column, ["batch_size", "batches"])
        table = at(table.where(count >= FEWEST)[covered], "batches", batches).dropna(axis=1)
        tables.append(table)
    need(tables[1].shape[1] > 1, f"layers with {FEWEST} predictable coordinates or more")
    return Cells(*tables)


CLAIMS = [
    Claim(
        "central_limit_alone",
        "The finite-batch central limit theorem alone explains the pass rates of the coordinates that it covers",
        "ours",
        "gradnoise",
        "percentages predicted from moments of other samples, and measured",
        central_limit_alone,
        cases=batch_counts,
        remark=coverage_remark,
    ),
    Claim(
        "power_of_the_test",
        "200 and 600 batches differ by the power of the test only",
        "ours",
        "gradnoise",
        "change of measured minus predicted percentage with the number of batches",
        power_of_the_test,
        cases=once,
        remark=coverage_remark,
    ),
]

"""Claims on the share of Gaussian coordinates of any network.

A measure takes a run's evidence, a number of batches and the column of a convention, and returns families of
components (see `decision.Claim`). Percentages are in points.
"""

from itertools import pairwise

import numpy as np
import pandas as pd

from gradnoise.claims.decision import Claim
from gradnoise.claims.evidence import CONVENTIONS, Contrast, Evidence, need, simultaneous
from gradnoise.claims.verdicts import Component, Families, any_beyond
from gradnoise.clt.rank_correlation import spearman
from gradnoise.tables.intervals import deviation_interval, repeat_deviation, unit

TREND = 0.9  # least rank correlation of two numbers of batches


CELLS = 8  # percentages whose ranks tell 0.9 from 1


MARGIN = 3.0  # points, where the claim gives none


def rises_with_batch_size(run: Evidence, batches: int, column: str) -> Families:
    """Pass(largest) - pass(smallest) > 0 in each layer below the ceiling; no certain fall between sizes."""
    table = run.last(batches, column)
    need(len(run.sizes) > 1, "two batch sizes or more")
    smallest, largest = run.sizes[0], run.sizes[-1]
    means = table.mean()
    below = [
        layer for layer in run.layers.index if not means[layer, smallest] >= run.ceiling - MARGIN
    ]
    need(bool(below), f"a layer below {run.ceiling - MARGIN:g} % at batch size {smallest}")
    rises = [
        Contrast(
            f"{layer}: rise from batch size {smallest} to {largest}",
            table[layer, largest] - table[layer, smallest],
            least=0,
        )
        for layer in below
    ]
    falls = [
        Contrast(
            f"{layer}: fall from batch size {small} to {large}",
            table[layer, small] - table[layer, large],
            most=MARGIN,
            rejects_only=True,
        )
        for layer in run.layers.index
        for small, large in pairwise(run.sizes)
    ]
    return [simultaneous(rises), simultaneous(falls)]


def at_the_ceiling(run: Evidence) -> str:
    """Layers that need not rise, because nothing is left to rise to."""
    means = run.last(run.counts[0], "percentage_testable").mean()
    there = [
        layer for layer in run.layers.index if means[layer, run.sizes[0]] >= run.ceiling - MARGIN
    ]
    return f"at the ceiling from the start: {', '.join(there)}" if there else ""


def first_convolution_leads(run: Evidence, batches: int, column: str) -> Families:
    """First convolution minus each other layer > 0 at every batch size (> -1 where both are at the ceiling)."""
    table = run.last(batches, column)
    convolutions = run.layers.index[run.layers["operation"] == "convolution"]
    need(len(convolutions) > 0 and len(run.layers) > 1, "a convolution and another layer")
    first, means = convolutions[0], table.mean()

    def threshold(layer: str, size: int) -> float:
        return -1.0 if min(means[first, size], means[layer, size]) >= run.ceiling - MARGIN else 0.0

    leads = [
        Contrast(
            f"{first} minus {layer} at batch size {size}",
            table[first, size] - table[layer, size],
            least=threshold(layer, size),
        )
        for size in run.sizes
        for layer in run.layers.index
        if layer != first
    ]
    return [simultaneous(leads)]


def small_deviation(run: Evidence, batches: int, column: str) -> Families:
    """Standard deviation over repeats of every layer's percentage below 2 points."""
    need(run.repeats >= 5, f"five repeats of the draws, found {run.repeats}")
    deviations = repeat_deviation(run.last(batches, column))
    lower, upper = deviation_interval(deviations, comparisons=len(deviations))
    return [
        [
            Component(
                f"{layer} at batch size {size}: sd over repeats",
                float(deviations["value"].iloc[row]),
                float(lower.iloc[row]),
                float(upper.iloc[row]),
                most=2.0,
            )
            for row, (layer, size) in enumerate(deviations.index)
        ]
    ]


def design_effect_remark(run: Evidence) -> str:
    """How much more repeats vary than independent coordinates would."""
    effects = design_effects(run)
    return (
        f"variance over repeats is {effects.median():.1f} (median) to {effects.max():.0f} times that "
        "of independent coordinates"
    )


def design_effects(run: Evidence) -> pd.Series:
    """Variance of a percentage over repeats, over that of as many independent coordinates.

    One value per seed, layer, batch size and number of batches, at the last epoch.
    """
    rows = run.rows[run.rows["epoch"] == run.epochs[-1]]
    cells = rows.groupby(["seed", "layer", "batch_size", "batches"])["percentage_testable"]
    mean, measured = cells.mean(), cells.var(ddof=1)
    count = rows.groupby(["seed", "layer", "batch_size", "batches"])["coordinates"].first()
    independent = mean * (100 - mean) / count
    return measured / independent.where(independent > 0)


def directions_differ(run: Evidence, batches: int, column: str) -> Families:
    """Pass over random directions minus pass over coordinates within ±3 in every layer.

    The claim is that this does *not* hold; at the smallest batch size, where there is most to see.
    """
    coordinates = run.last(batches, column)
    directions = run.last(batches, "percentage_directions")
    need(bool(directions.notna().any(axis=None)), "noise along random directions")
    size = run.sizes[0]
    return [
        simultaneous(
            [
                Contrast(
                    f"{layer} at batch size {size}: directions minus coordinates",
                    directions[layer, size] - coordinates[layer, size],
                    -MARGIN,
                    MARGIN,
                )
                for layer in run.layers.index
            ]
        )
    ]


def same_trend(run: Evidence, column: str) -> Families:
    """Rank correlation of the percentages at the fewest and at the most batches above 0.9.

    Over layers and batch sizes, without cells at the ceiling: these have no order.
    """
    need(len(run.counts) > 1, "two numbers of batches")
    fewest, most = (run.last(run.counts[end], column) for end in (0, -1))
    measured = fewest.notna().all() & most.notna().all()
    cells = most.columns[measured & (most.mean() < run.ceiling - MARGIN)]
    need(len(cells) >= CELLS, f"{CELLS} percentages below {run.ceiling - MARGIN:g} at most batches")
    label = (
        f"rank correlation of {run.counts[0]} and {run.counts[-1]} batches over {len(cells)} layers "
        "and batch sizes"
    )
    values = jackknifed_correlation(fewest[cells], most[cells])
    return [simultaneous([Contrast(label, values, least=TREND)])]


def jackknifed_correlation(first: pd.DataFrame, second: pd.DataFrame) -> pd.Series:
    """Pseudo-values of the rank correlation of two tables of means, by (seed, repeat).

    One training seed at a time is left out; where these are too few, one repeat of each network. Noise keeps the
    correlation of means below that of the exact percentages; the mean of pseudo-values is without that bias, to
    the first order.
    """
    by_seed = unit(first.index.unique("seed").size) == "seed"
    if by_seed:
        first, second = (table.groupby(level="seed").mean() for table in (first, second))
    networks = np.zeros(len(first)) if by_seed else first.index.get_level_values("seed")
    found = []
    for _, rows in first.groupby(networks):
        count = len(rows)
        pair = [table.loc[rows.index].to_numpy() for table in (first, second)]
        whole = spearman(*(values.mean(axis=0) for values in pair))
        without = zip(
            *((values.sum(axis=0) - values) / (count - 1) for values in pair), strict=True
        )
        found += [count * whole - (count - 1) * spearman(*means) for means in without]
    keys = [(key, 0) for key in first.index] if by_seed else list(first.index)
    return pd.Series(found, pd.MultiIndex.from_tuples(keys, names=["seed", "repeat"]))


def each_convention(run: Evidence) -> dict[str, tuple[str]]:
    """Constant coordinates counted as Gaussian, and left out."""
    return {convention: (column,) for convention, column in CONVENTIONS.items()}


CLAIMS = [
    Claim(
        "rises_with_batch_size",
        "Gaussianity rises with the batch size in every layer",
        "paper",
        rises_with_batch_size,
        remark=at_the_ceiling,
    ),
    Claim(
        "first_convolution_leads",
        "The first convolution is the most Gaussian at every batch size",
        "paper",
        first_convolution_leads,
    ),
    Claim(
        "small_deviation",
        "The percentages deviate very little over five repeats",
        "paper",
        small_deviation,
        remark=design_effect_remark,
        over_repeats=True,
    ),
    Claim(
        "same_trend",
        "200 and 600 batches show the same trend over layers and batch sizes",
        "paper",
        same_trend,
        cases=each_convention,
        measured_in="",
    ),
    Claim(
        "property_of_the_basis",
        "Gaussianity is a property of the basis: random directions differ from coordinates",
        "gradnoise",
        directions_differ,
        rule=any_beyond,
    ),
]

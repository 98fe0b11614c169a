"""What each published claim says of a network, as quantities and the ranges they have to lie in.

Every function takes a run's evidence, a number of batches and the column of a convention, and returns
families of components: within a family all intervals cover at once, and the claim needs every one. They
raise `NotTestableError` where the run does not meet the claim's conditions. Percentages are in points.
"""

from itertools import pairwise

import numpy as np
import pandas as pd

from gradnoise.claims.evidence import Contrast, Evidence, NotTestableError, at, simultaneous
from gradnoise.claims.verdicts import Component, components
from gradnoise.tables.intervals import deviation_interval, difference, estimate, repeat_deviation

CEILING = 92.0  # at this percentage or more a layer already sits at the null's 95


MARGIN = 3.0  # points, where the claim gives none


STEADY = 5.0  # points within which a percentage is said to keep


Families = list[list[Component]]


def rises_with_batch_size(run: Evidence, batches: int, column: str) -> Families:
    """Pass(largest) - pass(smallest) > 0 in each layer below the ceiling; no certain fall between sizes."""
    table = run.last(batches, column)
    _need(len(run.sizes) > 1, "two batch sizes or more")
    smallest, largest = run.sizes[0], run.sizes[-1]
    means = table.mean()
    below = [layer for layer in run.layers.index if not means[layer, smallest] >= CEILING]
    _need(bool(below), f"a layer below {CEILING:g} % at batch size {smallest}")
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


def first_convolution_leads(run: Evidence, batches: int, column: str) -> Families:
    """First convolution minus each other layer > 0 at every batch size (> -1 where both are at the ceiling)."""
    table = run.last(batches, column)
    convolutions = run.layers.index[run.layers["operation"] == "convolution"]
    _need(len(convolutions) > 0 and len(run.layers) > 1, "a convolution and another layer")
    first, means = convolutions[0], table.mean()

    def threshold(layer: str, size: int) -> float:
        return -1.0 if min(means[first, size], means[layer, size]) >= CEILING else 0.0

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


def fourth_convolution_of_alexnet(run: Evidence, batches: int, column: str) -> Families:
    """Conv4: below 10 and the lowest at the smallest batch, rise of 30 or more and the largest."""
    _need(run.model == "alexnet" and not run.batch_norm, "the six-layer AlexNet without BatchNorm")
    _need(len(run.sizes) > 1, "two batch sizes or more")
    table = run.last(batches, column)
    smallest, largest = run.sizes[0], run.sizes[-1]
    _need({"conv4"} < set(run.layers.index), "the noise of conv4 and of other layers")
    start = at(table, "batch_size", smallest)
    rise = at(table, "batch_size", largest) - start
    others = [layer for layer in run.layers.index if layer != "conv4"]
    return [
        simultaneous(
            [
                Contrast(f"conv4 at batch size {smallest}", start["conv4"], most=10),
                Contrast(f"conv4: rise to batch size {largest}", rise["conv4"], least=30),
                *(
                    Contrast(f"conv4 minus {o} at {smallest}", start["conv4"] - start[o], most=0)
                    for o in others
                ),
                *(
                    Contrast(f"rise of conv4 minus {o}", rise["conv4"] - rise[o], least=0)
                    for o in others
                ),
            ]
        )
    ]


def resnet56_above_85(run: Evidence, batches: int, column: str) -> Families:
    """Every layer above 85 at batch size 64."""
    _need(run.model == "resnet56", "ResNet-56")
    _need(64 in run.sizes, "batch size 64")
    accuracy = run.at_epoch(run.epochs[-1], "train_accuracy")
    _need(accuracy >= 0.9, f"train accuracy of 90 % or more, found {100 * accuracy:.1f} %")
    table = run.last(batches, column)
    return [
        simultaneous(
            [
                Contrast(f"{layer} at batch size 64", table[layer, 64], least=85)
                for layer in run.layers.index
            ]
        )
    ]


def resnet56_block_3_least(run: Evidence, batches: int, column: str) -> Families:
    """Mean over block 3's layers below those of blocks 1 and 2 at the smallest batch."""
    _need(run.model == "resnet56", "ResNet-56")
    table = at(run.last(batches, column), "batch_size", run.sizes[0])
    means = {
        block: pd.DataFrame(table[list(layers.index)]).mean(axis=1)
        for block, layers in run.layers.groupby("block")
    }
    _need({1, 2, 3} <= set(means), "layers of blocks 1, 2 and 3")
    return [
        simultaneous(
            [
                Contrast(
                    f"block 3 minus block {b} at batch size {run.sizes[0]}",
                    means[3] - means[b],
                    most=0,
                )
                for b in (1, 2)
            ]
        )
    ]


def resnet20_steady(run: Evidence, batches: int, column: str) -> Families:
    """Every epoch's deviation from the layer's mean over epochs within ±5, at the smallest batch."""
    _need(run.model == "resnet20", "ResNet-20")
    _need(len(run.epochs) > 1, "two epochs or more")
    table = at(run.wide(batches, column), "batch_size", run.sizes[0])
    contrasts = []
    for layer in run.layers.index:
        epochs = at(table, "layer", layer)
        deviation = epochs.sub(epochs.mean(axis=1), axis=0)
        contrasts += [
            Contrast(f"{layer} at epoch {epoch}", deviation[epoch], -STEADY, STEADY)
            for epoch in run.epochs
        ]
    return [simultaneous(contrasts)]


def small_deviation(run: Evidence, batches: int, column: str) -> Families:
    """Standard deviation over repeats of every layer's percentage below 2 points."""
    _need(run.repeats >= 5, f"five repeats of the draws, found {run.repeats}")
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


def directions_differ(run: Evidence, batches: int, column: str) -> Families:
    """Pass over random directions minus pass over coordinates within ±3 in every layer.

    The claim is that this does *not* hold; at the smallest batch size, where there is most to see.
    """
    coordinates = run.last(batches, column)
    directions = run.last(batches, "percentage_directions")
    _need(bool(directions.notna().any(axis=None)), "noise along random directions")
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


def loses_without_batch_norm(
    plain: Evidence, normalised: Evidence, batches: int, column: str
) -> Families:
    """Convolutions 3 and 4, last minus first epoch: plain < -5, with BatchNorm within ±5, difference < 0."""
    layers = ["conv3", "conv4"]
    for run in (plain, normalised):
        _need(len(run.epochs) > 1, f"two epochs or more of {run.name}")
        _need(set(layers) <= set(run.layers.index), f"the noise of conv3 and conv4 of {run.name}")
    changes = {
        run.name: estimate(_change(run, batches, column)[layers]) for run in (plain, normalised)
    }
    losses, kept = changes[plain.name], changes[normalised.name]
    rows = pd.concat([losses, kept, difference(losses, kept)])
    rows.index = pd.Index(
        [
            f"{layer} of {run.name}: last minus first epoch"
            for run in (plain, normalised)
            for layer in layers
        ]
        + [f"{layer}: change of {plain.name} minus change of {normalised.name}" for layer in layers]
    )
    thresholds = pd.DataFrame(
        {
            "least": [-np.inf, -np.inf, -STEADY, -STEADY, -np.inf, -np.inf],
            "most": [-STEADY, -STEADY, STEADY, STEADY, 0.0, 0.0],
        }
    )
    return [components(rows, thresholds)]


def _change(run: Evidence, batches: int, column: str) -> pd.DataFrame:
    """Last minus first epoch at the smallest batch size: columns are layers."""
    table = at(run.wide(batches, column), "batch_size", run.sizes[0])
    first, last = (at(table, "epoch", run.epochs[end]) for end in (0, -1))
    return last - first


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


def _need(met: bool, what: str) -> None:
    if not met:
        raise NotTestableError(f"needs {what}")

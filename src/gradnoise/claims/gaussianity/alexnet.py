"""Claims on AlexNet.

A measure takes a run's evidence, a scope, a number of batches and the column of a convention, and returns components
(see `claim.Claim`). Percentages are in points.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gradnoise.claims.claim import Claim
from gradnoise.claims.evidence import Evidence, Pair, need
from gradnoise.claims.experiment import Experiment
from gradnoise.claims.quantities import Cell, Contrast, Quantity, alike, compare, compare_two
from gradnoise.claims.scheme.component import Component
from gradnoise.tables.moderated.contrasts import ARCHITECTURE, Scope

STEADY = 5.0  # points within which a percentage is said to keep


MIDDLE = ["conv3", "conv4"]  # convolutions said to lose Gaussianity in training


SMALL_RATE = 0.01  # learning rate of the control that tells BatchNorm's effect from the rate's


NEAR_ZERO, HUGE = 10.0, 25.0  # points: where conv4 starts, and how far it rises at least


def fourth_convolution(
    run: Evidence, scope: Scope, batches: int, column: str
) -> Sequence[Component]:
    """Conv4 below 10 at the smallest batch, and a rise above 25; nothing about other layers."""
    need(run.model == "alexnet" and not run.batch_norm, "the six-layer AlexNet without BatchNorm")
    need(len(run.sizes) > 1, "two batch sizes or more")
    smallest, largest = run.sizes[0], run.sizes[-1]
    need("conv4" in run.layers.index, "the noise of conv4")
    start, end = Cell("conv4", smallest), Cell("conv4", largest)
    contrasts = [
        Contrast(label=f"conv4 at batch size {smallest}", cells={start: 1}, most=NEAR_ZERO),
        Contrast(
            label=f"conv4: rise to batch size {largest}", cells={end: 1, start: -1}, least=HUGE
        ),
    ]
    return compare(run, contrasts, scope, batches, column)


LEAST = ["conv4", "conv5"]  # convolutions said to be the least Gaussian


def last_convolutions_least(
    run: Evidence, scope: Scope, batches: int, column: str
) -> Sequence[Component]:
    """Conv4 and conv5 minus each other layer < 0 at the smallest batch size; log ratios of rho's 95 % quantile > 0."""
    need(run.family == "alexnet", "AlexNet, of which it is said")
    need(set(LEAST) < set(run.layers.index), "the noise of conv4, conv5 and other layers")
    others = [layer for layer in run.layers.index if layer not in LEAST]
    pairs = [(layer, other) for layer in LEAST for other in others]
    size = run.sizes[0]
    contrasts = [
        Contrast(
            label=f"{layer} minus {other} at batch size {size}",
            cells={Cell(layer, size): 1, Cell(other, size): -1},
            most=0.0,
            family="percentages",
        )
        for layer, other in pairs
    ]
    logs = np.log(run.statistic("layers", "rho_q95"))
    tails = [
        Quantity(
            label=f"log ratio of the third moment's 95 % quantile: {layer} over {other}",
            values=logs[layer] - logs[other],
            least=0.0,
            margin=0.1,
            family="third moments",
        )
        for layer, other in pairs
    ]
    # Of these networks, quantiles over all samples are known without error.
    found = (
        alike(tails, scope)
        if scope == ARCHITECTURE
        else [tail.component(float(tail.values.mean()), 0.0, np.inf) for tail in tails]
    )
    return [*compare(run, contrasts, scope, batches, column), *found]


def without_and_with_batch_norm(experiment: Experiment) -> list[Pair]:
    """The same AlexNet without and with BatchNorm, trained at one learning rate."""
    runs = experiment.runs
    pairs = [
        Pair(plain, normalised, runs)
        for plain in runs
        for normalised in runs
        if plain.model == normalised.model
        and plain.family == "alexnet"
        and normalised.batch_norm
        and not plain.batch_norm
        and plain.learning_rate == normalised.learning_rate
    ]
    need(bool(pairs), "AlexNet without and with BatchNorm at one learning rate")
    return pairs


def loses_without_batch_norm(
    pair: Pair, scope: Scope, batches: int, column: str
) -> Sequence[Component]:
    """Last minus first epoch: convolutions 3 and 4 without BatchNorm < -5, difference < 0; with it, every one within ±5."""
    plain, normalised = pair.first, pair.second
    for run in (plain, normalised):
        need(len(run.epochs) > 1, f"two epochs or more of {run.name}")
        need(set(MIDDLE) <= set(run.layers.index), f"the noise of conv3 and conv4 of {run.name}")
    losses = [_change(plain, layer, most=-STEADY) for layer in MIDDLE]
    convolutions = normalised.layers.index[normalised.layers["operation"] == "convolution"]
    kept = [_change(normalised, layer, least=-STEADY, most=STEADY) for layer in convolutions]
    compared = [_change(normalised, layer) for layer in MIDDLE]
    labels = [
        f"{layer}: change of {plain.name} minus change of {normalised.name}" for layer in MIDDLE
    ]
    both = [
        replace(loss, label=label, most=0.0) for loss, label in zip(losses, labels, strict=True)
    ]
    return [
        *compare(plain, losses, scope, batches, column),
        *compare(normalised, kept, scope, batches, column),
        *compare_two(plain, both, normalised, compared, scope, batches, column),
    ]


def _change(run: Evidence, layer: str, **range_: float) -> Contrast:
    """Last minus first epoch at the smallest batch size."""
    first, last = (Cell(layer, run.sizes[0], run.epochs[end]) for end in (0, -1))
    label = f"{layer} of {run.name}: last minus first epoch"
    return Contrast(label=label, cells={last: 1, first: -1}, **range_)  # type: ignore[arg-type]


def constant_coordinates(pair: Pair) -> str:
    """Constant coordinates at the last epoch, and whether the small learning rate stands beside."""
    plain = pair.first
    dead = []
    for run in (plain, pair.second):
        rows = run.rows[(run.rows["epoch"] == run.epochs[-1]) & run.rows["layer"].isin(MIDDLE)]
        dead.append(f"{100 * rows['share_dirac'].mean():.1f} % in {run.name}")
    controls = [
        run
        for run in pair.experiment
        if run.model == plain.model
        and not run.batch_norm
        and np.isclose(run.learning_rate or np.nan, SMALL_RATE)
    ]
    beside = "with" if controls else "without"
    return (
        f"constant coordinates: {', '.join(dead)}; {beside} learning rate {SMALL_RATE:g} as control"
    )


CLAIMS = [
    Claim(
        "last_convolutions_least",
        "AlexNet's conv4 and conv5 are its least Gaussian layers, with the longest tails of the third moment",
        "gradient noise",
        "paper",
        "percentage of conv4 and conv5 minus that of every other layer; log ratio of the third moment's 95 % quantile",
        last_convolutions_least,
    ),
    Claim(
        "alexnet_fourth_convolution",
        "AlexNet's fourth convolution is near zero at the smallest batch and rises hugely",
        "gradient noise",
        "paper",
        "percentage of conv4 at the smallest batch size, and its rise to the largest",
        fourth_convolution,
    ),
    Claim(
        "batch_norm_keeps_gaussianity",
        "Without BatchNorm AlexNet's convolutions 3 and 4 lose Gaussianity in training; with it every convolution keeps it",
        "gradient noise",
        "paper",
        "percentage at the smallest batch size, last minus first epoch",
        loses_without_batch_norm,
        about=without_and_with_batch_norm,
        remark=constant_coordinates,
        all_epochs=True,
    ),
]

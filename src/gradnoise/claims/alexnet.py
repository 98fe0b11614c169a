"""Claims on AlexNet.

A measure takes a run's evidence, a number of batches and the column of a convention, and returns families of
components (see `decision.Claim`). Percentages are in points.
"""

import numpy as np
import pandas as pd

from gradnoise.claims.decision import Claim
from gradnoise.claims.evidence import (
    Contrast,
    Evidence,
    Pair,
    at,
    need,
    simultaneous,
)
from gradnoise.claims.experiment import Experiment
from gradnoise.claims.verdicts import Families, components
from gradnoise.tables.intervals import difference, estimate

STEADY = 5.0  # points within which a percentage is said to keep


MIDDLE = ["conv3", "conv4"]  # convolutions said to lose Gaussianity in training


SMALL_RATE = 0.01  # learning rate of the control that tells BatchNorm's effect from the rate's


def fourth_convolution(run: Evidence, batches: int, column: str) -> Families:
    """Conv4: below 10 and the lowest at the smallest batch, rise of 30 or more and the largest."""
    need(run.model == "alexnet" and not run.batch_norm, "the six-layer AlexNet without BatchNorm")
    need(len(run.sizes) > 1, "two batch sizes or more")
    table = run.last(batches, column)
    smallest, largest = run.sizes[0], run.sizes[-1]
    need({"conv4"} < set(run.layers.index), "the noise of conv4 and of other layers")
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


def loses_without_batch_norm(pair: Pair, batches: int, column: str) -> Families:
    """Convolutions 3 and 4, last minus first epoch: plain < -5, with BatchNorm within ±5, difference < 0."""
    plain, normalised = pair.first, pair.second
    for run in (plain, normalised):
        need(len(run.epochs) > 1, f"two epochs or more of {run.name}")
        need(set(MIDDLE) <= set(run.layers.index), f"the noise of conv3 and conv4 of {run.name}")
    losses, kept = (estimate(_change(run, batches, column)[MIDDLE]) for run in (plain, normalised))
    rows = pd.concat([losses, kept, difference(losses, kept)])
    rows.index = pd.Index(
        [
            f"{layer} of {run.name}: last minus first epoch"
            for run in (plain, normalised)
            for layer in MIDDLE
        ]
        + [f"{layer}: change of {plain.name} minus change of {normalised.name}" for layer in MIDDLE]
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
        "alexnet_fourth_convolution",
        "AlexNet's fourth convolution is near zero at the smallest batch and rises steeply",
        "paper",
        fourth_convolution,
    ),
    Claim(
        "batch_norm_keeps_gaussianity",
        "Without BatchNorm AlexNet's convolutions 3 and 4 lose Gaussianity in training; with it they keep it",
        "paper",
        loses_without_batch_norm,
        about=without_and_with_batch_norm,
        remark=constant_coordinates,
        all_epochs=True,
    ),
]

"""Claims on residual networks.

A measure takes a run's evidence, a number of batches and the column of a convention, and returns families of
components (see `decision.Claim`). Percentages are in points.
"""

import pandas as pd

from gradnoise.claims.decision import Claim
from gradnoise.claims.evidence import Contrast, Evidence, at, need, simultaneous
from gradnoise.claims.verdicts import Families

STEADY = 5.0  # points within which a percentage is said to keep


def resnet56_above_85(run: Evidence, batches: int, column: str) -> Families:
    """Every layer above 85 at batch size 64."""
    need(run.model == "resnet56", "ResNet-56")
    need(64 in run.sizes, "batch size 64")
    accuracy = run.at_epoch(run.epochs[-1], "train_accuracy")
    need(accuracy >= 0.9, f"train accuracy of 90 % or more, found {100 * accuracy:.1f} %")
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
    need(run.model == "resnet56", "ResNet-56")
    table = at(run.last(batches, column), "batch_size", run.sizes[0])
    means = {
        block: pd.DataFrame(table[list(layers.index)]).mean(axis=1)
        for block, layers in run.layers.groupby("block")
    }
    need({1, 2, 3} <= set(means), "layers of blocks 1, 2 and 3")
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
    need(run.model == "resnet20", "ResNet-20")
    need(len(run.epochs) > 1, "two epochs or more")
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


CLAIMS = [
    Claim(
        "resnet56_above_85",
        "ResNet-56 is above 85 % even at the smallest batch",
        "paper",
        resnet56_above_85,
    ),
    Claim(
        "resnet56_block_3_least",
        "ResNet-56's block 3 is its least Gaussian at the smallest batch",
        "paper",
        resnet56_block_3_least,
    ),
    Claim(
        "resnet20_steady",
        "ResNet-20 stays steady over epochs",
        "paper",
        resnet20_steady,
        all_epochs=True,
    ),
]

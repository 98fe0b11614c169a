"""Claims on residual networks.

A measure takes a run's evidence, a scope, a number of batches and the column of a convention, and returns components
(see `claim.Claim`). Percentages are in points.
"""

from collections.abc import Sequence

from gradnoise.claims.claim import Claim, conventions, deciding
from gradnoise.claims.evidence import Evidence, need
from gradnoise.claims.quantities import GAUSSIAN, Cell, Contrast, compare
from gradnoise.claims.scheme.component import Component
from gradnoise.tables.moderated.contrasts import Scope

STEADY = 5.0  # points within which a percentage is said to keep


SMALLEST = 64  # batch size that the claims on ResNet-56 speak of


LEAST = 85.0  # points


TRAINED = 0.9  # train accuracy


IMAGES = 50_000  # of CIFAR-10


def resnet56_above_85(
    run: Evidence, scope: Scope, batches: int, column: str
) -> Sequence[Component]:
    """Every layer above 85 at batch size 64."""
    _require_resnet56(run)
    contrasts = [
        Contrast(
            label=f"{layer} at batch size {SMALLEST}", cells={Cell(layer, SMALLEST): 1}, least=LEAST
        )
        for layer in run.layers.index
    ]
    return compare(run, contrasts, scope, batches, column)


def resnet56_block_3_least(
    run: Evidence, scope: Scope, batches: int, column: str
) -> Sequence[Component]:
    """Mean over block 3's layers below those of blocks 1 and 2 at batch size 64."""
    _require_resnet56(run)
    blocks = {block: list(layers.index) for block, layers in run.layers.groupby("block")}
    need({1, 2, 3} <= set(blocks), "layers of blocks 1, 2 and 3")
    contrasts = [
        Contrast(
            label=f"block 3 minus block {other} at batch size {SMALLEST}",
            cells={
                Cell(layer, SMALLEST): sign / len(blocks[block])
                for block, sign in ((3, 1), (other, -1))
                for layer in blocks[block]
            },
            most=0,
        )
        for other in (1, 2)
    ]
    return compare(run, contrasts, scope, batches, column)


def _require_resnet56(run: Evidence) -> None:
    """What the paper measured: all images, a trained network, batch size 64."""
    need(run.model == "resnet56", "ResNet-56")
    need(SMALLEST in run.sizes, f"batch size {SMALLEST}")
    data = run.settings.get("data", {})
    images = data.get("subset") or (IMAGES if data.get("dataset") == "cifar10" else 0)
    need(images == IMAGES, f"all {IMAGES:,} images of CIFAR-10 (data.dataset, data.subset)")
    accuracy = run.at_epoch(run.epochs[-1], "train_accuracy")
    need(accuracy >= TRAINED, f"train accuracy of 90 % or more, found {100 * accuracy:.1f} %")


STEADY_BATCH = 128  # training's; that of the paper's figure is not said


def each_size(run: Evidence) -> dict[str, tuple[int, str, int]]:
    """The paper's convention at training's batch size decides; other cases and batch sizes."""
    found = {name: (*case, STEADY_BATCH) for name, case in conventions(run).items()}
    first = deciding(run.counts)
    others = [size for size in run.sizes if size != STEADY_BATCH]
    return found | {f"batch size {size}": (first, GAUSSIAN, size) for size in others}


def resnet20_steady(
    run: Evidence, scope: Scope, batches: int, column: str, size: int
) -> Sequence[Component]:
    """Every epoch's deviation from the layer's mean over epochs within ±5, at training's batch size."""
    need(run.model == "resnet20", "ResNet-20")
    need(len(run.epochs) > 1, "two epochs or more")
    need(size in run.sizes, f"batch size {size}")
    contrasts = [
        Contrast(
            label=f"{layer} at epoch {epoch}: minus its mean over epochs",
            cells={
                Cell(layer, size, other): (other == epoch) - 1 / len(run.epochs)
                for other in run.epochs
            },
            least=-STEADY,
            most=STEADY,
        )
        for layer in run.layers.index
        for epoch in run.epochs
    ]
    return compare(run, contrasts, scope, batches, column)


CLAIMS = [
    Claim(
        "resnet56_above_85",
        "ResNet-56 is above 85 % even at the smallest batch",
        "gradient noise",
        "paper",
        "percentage of every layer at batch size 64",
        resnet56_above_85,
    ),
    Claim(
        "resnet56_block_3_least",
        "ResNet-56's block 3 is its least Gaussian at the smallest batch",
        "gradient noise",
        "paper",
        "percentage of block 3 minus that of the other blocks, batch size 64",
        resnet56_block_3_least,
    ),
    Claim(
        "resnet20_steady",
        "ResNet-20 stays steady over epochs",
        "gradient noise",
        "paper",
        "percentage at every epoch minus the layer's mean over epochs, batch size 128",
        resnet20_steady,
        cases=each_size,
        all_epochs=True,
    ),
]

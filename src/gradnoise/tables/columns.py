"""What the columns of every table mean.

Apart from the stage, which needs no meanings: here the statistics' registry is read, and Numba with it.
"""

from gradnoise.clt import columns as clt
from gradnoise.gaussianity import columns as gaussianity
from gradnoise.gaussianity.normality import columns
from gradnoise.gaussianity.statistic import Kind
from gradnoise.rejection import results as rejection
from gradnoise.store.variables import GRADIENT_UNITS, Variable
from gradnoise.tables.catalogue import SUMMARIES
from gradnoise.tables.langevin import COLUMNS as LANGEVIN
from gradnoise.tails.columns import TABLES as TAILS

CHECKPOINT = (
    Variable("run", "name of the run", ""),
    Variable("seed", "of the training", ""),
    Variable("epoch", "of the checkpoint", "epochs"),
)


LAYER = (
    Variable("parameter", "name of the parameter, `network` for all of them together", ""),
    Variable("layer", "name of the layer", ""),
    Variable(
        "operation",
        "what the layer computes: convolution, linear, embedding, attention, recurrent, normalisation or other",
        "",
    ),
    Variable("kind", "weight, bias (what adds) or norm (scale and shift of a normalisation)", ""),
    Variable("block", "block of a residual network, 0 outside blocks"),
    Variable("index", "place from 1 of the layer among those of its operation in its block"),
    Variable("size", "true number of scalars in the parameter"),
)


UNIT = (
    Variable("unit", "what the intervals vary: the training seed, or the repeat of the draws", ""),
    Variable("n_seeds", "training seeds that were averaged"),
    Variable("n_repeats", "repeats of the draws that were averaged"),
)


# Of the epochs of a training; beside them `dead_units_{layer}` for every layer with rectifiers.
TRAINING = (
    *CHECKPOINT[:2],
    Variable("epoch", "epochs done", "epochs"),
    Variable("train_loss", "loss on the training samples", "loss"),
    Variable(
        "train_accuracy",
        "share of training samples (of sequences: positions) that are classified rightly",
    ),
    Variable("test_loss", "loss on the test samples", "loss"),
    Variable(
        "test_accuracy",
        "share of test samples (of sequences: positions) that are classified rightly",
    ),
    Variable("learning_rate", "of the epoch", "parameter^2 per loss"),
    Variable("gradient_norm", "mean norm of the mini-batch gradients", GRADIENT_UNITS),
    Variable(
        "logit_gradient",
        "largest gradient of a training sample's cross-entropy by a logit, |softmax - one-hot|",
    ),
)


def gaussianity_repeats() -> tuple[Variable, ...]:
    """One row per layer, batch size, number of batches and repeat."""
    return (*CHECKPOINT, *LAYER, *gaussianity.JUDGED_TABLES["summary"][:3], *_numbers(bounds=False))


def gaussianity_means() -> tuple[Variable, ...]:
    """The same averaged over seeds and repeats."""
    run, _, epoch = CHECKPOINT
    cell = gaussianity.JUDGED_TABLES["summary"][:2]
    return (run, epoch, *LAYER, *cell, *_numbers(bounds=True), *UNIT)


def _numbers(bounds: bool) -> list[Variable]:
    found = []
    for kind in Kind:
        for column in columns():
            if column.kind != kind:
                continue
            name, meaning, units = column.name, column.long_name, column.units
            found.append(Variable(name, meaning, units))
            if bounds and kind is Kind.PERCENTAGE:
                found += [
                    Variable(f"{name}_sd", f"{meaning}: deviation over repeats", units),
                    Variable(f"{name}_lower", f"{meaning}: lower end of the 95 % interval", units),
                    Variable(f"{name}_upper", f"{meaning}: upper end of the 95 % interval", units),
                ]
    return found


def _summary(stage: str, member: str) -> tuple[Variable, ...]:
    tables = {"rejection": rejection.TABLES, "clt": clt.TABLES, "tails": TAILS}[stage]
    return (*CHECKPOINT, *LAYER, *(tables[member] if member else clt.NUMBERS))


# Tables by the name of their CSV file.
COLUMNS: dict[str, tuple[Variable, ...]] = {
    "gaussianity": gaussianity_means(),
    "gaussianity_repeats": gaussianity_repeats(),
    "training": TRAINING,
    **{name: _summary(stage, member) for name, (stage, member, _) in SUMMARIES.items()},
    **LANGEVIN,
}

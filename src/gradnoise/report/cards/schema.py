"""What a noise card holds; `docs/results.md` is written from here, and a test holds the cards to it.

`{run}` stands for every run's name, `[]` for the entries of a list. A number that does not exist is null.
"""

from gradnoise.gaussianity.normality import columns
from gradnoise.gaussianity.statistic import Kind
from gradnoise.store.variables import Variable

NAME = "gradnoise.noise_card"
# 2: `significance` is a run's. 3: settings, B*, noise scale, tail index, predictions and verdicts.
VERSION = 3

_RUN = (
    Variable("model", "name and arguments of the network", ""),
    Variable("data.data_set", "name of the data set", ""),
    Variable("data.checksum", "SHA-256 of the samples", ""),
    Variable("data.train_samples", "training samples", "samples"),
    Variable("data.test_samples", "test samples", "samples"),
    Variable("data.inputs", "how the model sees its inputs", ""),
    Variable("training", "the config's section, `path` null where it was trained here", ""),
    Variable("noise", "sampling, BatchNorm's mode, augmentation, coordinates, directions", ""),
    Variable("significance", "level of the Shapiro-Wilk test"),
    Variable("epoch", "last measured epoch, of which the card speaks", "epochs"),
    Variable("seeds[]", "training seeds", ""),
    Variable("repeats", "repeats of the draws"),
    Variable("unit", "what the intervals of percentages vary: seed or repeat", ""),
    Variable("accuracy.train", "mean over the seeds, null in regression"),
    Variable("accuracy.test", "mean over the seeds, null in regression"),
)

_LAYER = (
    Variable("parameter", "name, `network` for all of them together", ""),
    Variable("layer", "name of the layer", ""),
    Variable("operation", "what the layer computes", ""),
    Variable("weights", "true number of scalars"),
    Variable("coordinates", "coordinates that were measured"),
    Variable("whole_network", "whether it is all of them together", ""),
    Variable("dead_units", "share of units that no training sample activates"),
)

_OF_SEEDS = (
    Variable("gaussian_batch_size[].seed", "training seed", ""),
    Variable("gaussian_batch_size[].value", "B*, null where it is not known", "samples"),
    Variable("gaussian_batch_size[].lower", "lower end of its 95 % interval", "samples"),
    Variable("gaussian_batch_size[].upper", "upper end, null where it has none", "samples"),
    Variable("gaussian_batch_size[].beyond", "whether B* lies above 2^16", ""),
    Variable("noise_scale[].seed", "training seed", ""),
    Variable("noise_scale[].value", "gradient noise scale tr C / |G|^2", "samples"),
    Variable("noise_scale[].error", "its jackknife standard error", "samples"),
    Variable("tail_index[].method", "estimator", ""),
    Variable("tail_index[].batch_size", "mini-batch size", "samples"),
    Variable("tail_index[].batches", "batches in a series", "batches"),
    Variable("tail_index[].value", "mean over live coordinates, seeds and repeats"),
    Variable("tail_index[].null", "the same of Gaussian series"),
)


def _measured() -> tuple[Variable, ...]:
    """Of a layer at one batch size and number of batches."""
    found = [
        Variable("batch_size", "mini-batch size", "samples"),
        Variable("batches", "batches that the test sees", "batches"),
    ]
    for column in columns():
        if column.kind == Kind.PERCENTAGE:
            found += [
                Variable(f"{column.name}.value", column.long_name, "%"),
                Variable(f"{column.name}.lower", "lower end of its 95 % interval", "%"),
                Variable(f"{column.name}.upper", "upper end of its 95 % interval", "%"),
            ]
        elif column.name.startswith("share_"):
            found.append(Variable(column.name, column.long_name))
    return (
        *found,
        Variable("predicted.value", "pass rate predicted from the other samples' moments", "%"),
        Variable("predicted.error", "its standard error over samples", "%"),
        Variable("predicted.measured", "pass rate of the coordinates with a prediction", "%"),
        Variable("predicted.coverage", "share of testable coordinates with a prediction"),
    )


_VERDICT = (
    Variable("claim", "short name of the claim", ""),
    Variable("statement", "the claim in words", ""),
    Variable("subject", "run, pair of runs or trajectory", ""),
    Variable("scope", "these networks, or the architecture", ""),
    Variable("verdict", "supported, contradicted, open or not testable here", ""),
    Variable("quantity", "the component that decides", ""),
    Variable("measured", "its value", "as in `unit`"),
    Variable("lower", "lower end of its 95 % interval", "as in `unit`"),
    Variable("upper", "upper end of the interval", "as in `unit`"),
    Variable("unit", "points of a percentage, or nothing", ""),
    Variable("threshold", "range that the claim gives", ""),
    Variable("reason", "what has to be known besides, or is missing", ""),
)


def _below(place: str, variables: tuple[Variable, ...]) -> tuple[Variable, ...]:
    return tuple(each._replace(name=f"{place}.{each.name}") for each in variables)


CARD: tuple[Variable, ...] = (
    Variable("schema", f"always {NAME}", ""),
    Variable("schema_version", f"now {VERSION}"),
    Variable("gradnoise", "version of the program", ""),
    *_below("runs.{run}", _RUN),
    *_below("runs.{run}.layers[]", _LAYER),
    *_below("runs.{run}.layers[].measured[]", _measured()),
    *_below("runs.{run}.layers[]", _OF_SEEDS),
    *_below("runs.{run}.verdicts[]", _VERDICT),
)

"""What the data file holds, by group."""

from gradnoise.store.variables import Variable

SPLITS = ("train", "test")
INPUTS = Variable(
    "inputs",
    "inputs as read, which models see as the file's `treatment` says; images are 8-bit (sample, channel, row, column), "
    "tokens int64",
    dimensions=("sample", "feature"),
)
TARGETS = Variable(
    "targets",
    "class numbers (sample) or, of sequences, (sample, position) with -100 where a position is left out; or "
    "regression targets (sample, output)",
    dimensions=("sample",),
)
PARAMETERS = Variable(
    "parameters", "truth that generated synthetic data", dimensions=("feature", "output")
)
# By group of the file.
ARRAYS = {"": (PARAMETERS,), **dict.fromkeys(SPLITS, (INPUTS, TARGETS))}

"""The table of verdicts: what it holds, written and read."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from gradnoise.store.variables import Variable
from gradnoise.store.work_area import atomic

COLUMNS = (
    Variable("claim", "short name of the claim", ""),
    Variable("statement", "the claim in words", ""),
    Variable("origin", "who says so: the paper or gradnoise", ""),
    Variable("verdict", "supported, contradicted, undecided or not testable here", ""),
    Variable("quantity", "what was measured, of the case that is nearest to another verdict", ""),
    Variable("measured", "its value", "as in measured_in"),
    Variable(
        "lower",
        "lower end of its 95 % interval, simultaneous over all parts of the claim",
        "as in measured_in",
    ),
    Variable("upper", "upper end of the interval", "as in measured_in"),
    Variable("threshold", "range that the claim gives", ""),
    Variable(
        "reason", "what has to be known besides; what is missing where nothing is testable", ""
    ),
    Variable("cases", "verdict and deciding quantity of every case, or every quantity", ""),
    Variable("run", "run, runs or trajectory that the verdict is about", ""),
    Variable("network", "name of the network", ""),
    Variable("scope", "network, data and training seeds that the verdict speaks of", ""),
    Variable("epochs", "epochs that it uses", ""),
    Variable("seeds", "training seeds", ""),
    Variable("repeats", "repeats of the draws, or replicas of a trajectory"),
    Variable("unit", "what the interval is over: seed, repeat or block of steps", ""),
    Variable("batch_sizes", "mini-batch sizes, samples", ""),
    Variable("batches", "numbers of batches tested with", ""),
    Variable("measured_in", "points of a percentage, or nothing for pure numbers", ""),
)

TABLES = {"claims": COLUMNS}

# Names, and numbers in a row ("0 1 5"): none is a number.
TEXT = ("run", "network", "epochs", "seeds", "batch_sizes", "batches")


def write(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write one row for each claim and subject; what a row does not have is empty."""
    frame = pd.DataFrame(rows).reindex(columns=[column.name for column in COLUMNS])
    with atomic(path) as temporary:
        frame.to_csv(temporary, index=False)


def read(path: Path) -> pd.DataFrame:
    """The table as written, names and lists of numbers as text."""
    text = dict.fromkeys(TEXT, str)
    return pd.read_csv(path, dtype=text, na_values=[""], keep_default_na=False)

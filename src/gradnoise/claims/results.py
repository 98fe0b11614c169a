"""The tables of verdicts and of what they stand on: what they hold, written and read."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from gradnoise.store.checksums import verify
from gradnoise.store.variables import Variable
from gradnoise.store.whole import published

_UNIT = "as in `unit`"

_STANDARDISED = (
    Variable(
        "standardised",
        "distance from the threshold over the margin, above 0 where it speaks for the claim",
    ),
    Variable(
        "standardised_lower",
        "lower end of its interval: above 0 exactly where the 95 % interval supports",
    ),
    Variable(
        "standardised_upper",
        "upper end: below 0 exactly where the 95 % interval is on the other side",
    ),
)

# One row for each claim, subject (run, pair, trajectory) and scope; a subject that does not meet a claim's
# conditions has one row without scope.
CLAIMS = (
    Variable("claim", "short name of the claim", ""),
    Variable("group", "gradient noise, dynamics, ours, companions, related or instrument", ""),
    Variable("statement", "the claim in words", ""),
    Variable("measured_quantity", "what is measured, in words", ""),
    Variable(
        "unit", "of what is measured: points of a percentage, or nothing for pure numbers", ""
    ),
    Variable(
        "origin", "who says so: the paper, gradnoise, a companion paper or a related study", ""
    ),
    Variable("run", "run, runs or trajectory that the verdict is about", ""),
    Variable("network", "name of the network, and its data", ""),
    Variable(
        "scope",
        "what the errors speak of: these networks, or the architecture (the next training seed)",
        "",
    ),
    Variable("verdict", "supported, contradicted, open or not testable here", ""),
    Variable(
        "quantity", "the component that decides: of its kind, the nearest to another verdict", ""
    ),
    Variable("measured", "its value", _UNIT),
    Variable("lower", "lower end of its own 95 % interval", _UNIT),
    Variable("upper", "upper end of the interval", _UNIT),
    Variable("threshold", "range that the claim gives it, in words", ""),
    Variable("least", "lower end of the range", _UNIT),
    Variable("most", "upper end of the range", _UNIT),
    *_STANDARDISED,
    Variable("holds_under", "other cases under which the claim is supported", ""),
    Variable("fails_under", "other cases under which it is contradicted", ""),
    Variable("open_under", "other cases under which it is open", ""),
    Variable("would_decide", "of what more is needed where it is open, and about how much", ""),
    Variable("decides_key", "config key that sets it", ""),
    Variable(
        "reason", "what has to be known besides; what is missing where nothing is testable", ""
    ),
    Variable("seeds", "training seeds", ""),
    Variable("repeats", "repeats of the draws, or replicas of a trajectory"),
    Variable(
        "unit_of_noise", "what the error is over: training seeds, repeats of the draws, steps", ""
    ),
    Variable("epochs", "epochs that it uses", ""),
    Variable("batch_sizes", "mini-batch sizes, samples", ""),
    Variable("batches", "numbers of batches tested with", ""),
)

# One row for each component of a verdict.
COMPONENTS = (
    Variable("claim", "short name of the claim", ""),
    Variable("run", "run, runs or trajectory", ""),
    Variable("scope", "these networks, or the architecture", ""),
    Variable("component", "what it is: a layer, a pair of batch sizes", ""),
    Variable("value", "measured", "as the claim"),
    Variable(
        "error",
        "its standard error, missing where the interval is none of Student's",
        "as the claim",
    ),
    Variable("degrees", "degrees of freedom of the error"),
    Variable("lower", "lower end of its 95 % interval", "as the claim"),
    Variable("upper", "upper end of the interval", "as the claim"),
    Variable("least", "lower end of the range that the claim gives", "as the claim"),
    Variable("most", "upper end of the range", "as the claim"),
    *_STANDARDISED,
    Variable(
        "verdict", "supported where it lies in the range, contradicted where outside (Holm)", ""
    ),
    Variable("worst", "whether it decides the claim", ""),
)

TABLES = {"claims": CLAIMS, "claim_components": COMPONENTS}

# Names, and numbers in a row ("0 1 5"): none is a number.
TEXT = {
    *("claim", "group", "statement", "measured_quantity", "unit", "origin", "run", "network"),
    *("scope", "verdict", "quantity", "threshold", "holds_under", "fails_under", "open_under"),
    *("would_decide", "decides_key", "reason", "seeds", "unit_of_noise", "epochs"),
    *("batch_sizes", "batches", "component"),
}


def write(path: Path, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows of one of `TABLES`; what a row does not have is empty."""
    frame = pd.DataFrame(rows).reindex(columns=[column.name for column in TABLES[table]])
    with published(path) as temporary:
        frame.to_csv(temporary, index=False)


def read(path: Path) -> pd.DataFrame:
    """A table as written, verified: names and lists of numbers as text, "" where there is none."""
    verify(path)
    names = [str(name) for name in pd.read_csv(path, nrows=0)]
    numbers = [name for name in names if name not in TEXT]
    return pd.read_csv(
        path,
        dtype={name: str for name in names if name in TEXT},
        na_values={name: [""] for name in numbers},
        keep_default_na=False,
    )

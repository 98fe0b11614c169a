"""The table of the related studies: every number beside its prediction."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from gradnoise.related.results import QUANTITIES, STAGE, read
from gradnoise.store.paths import Paths
from gradnoise.store.results import read_attributes
from gradnoise.store.variables import Variable

COLUMNS = (
    Variable("study", "name of the study", ""),
    *QUANTITIES,
    Variable("repeats", "independent simulations"),
)


def read_studies(results: Path, studies: Sequence[str]) -> pd.DataFrame:
    """A row for every number of every study, in the order of the studies.

    Args:
        results: folder of all results.
        studies: names.
    """
    rows = []
    for name in studies:
        path = Path(Paths(results).study(name))
        repeats = read_attributes(path, STAGE)["repeats"]
        rows += [(name, *row, repeats) for row in read(path).rows]
    return pd.DataFrame(rows, columns=[column.name for column in COLUMNS])

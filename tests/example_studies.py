"""Small studies of noise balance."""

import json
from functools import cache
from pathlib import Path

import pandas as pd

from example_results import call

SMALL = {
    **{"seed": 3, "replicas": 400, "label_noise": 30.0},
    **{"depths": [0, 1, 2], "ratios": [0.25, 0.5, 0.75, 3.0]},
}


def made(folder: Path, *studies: str, **changes) -> dict[str, pd.DataFrame]:
    """Tables of the balance stage, called as the pipeline calls it, by name."""
    settings = {**SMALL, "studies": list(studies), **changes}
    call("balance", "--settings", json.dumps(settings), "--output", folder / "balance")
    return {path.stem: pd.read_csv(path) for path in (folder / "balance").glob("*.csv")}


@cache
def study(name: str) -> dict[str, pd.DataFrame]:
    """Tables of one study at its smallest, made once."""
    from gradnoise.balance.results import STUDIES
    from gradnoise.balance.settings import Settings

    found = STUDIES[name].run(Settings(studies=[name], **SMALL))
    return {f"balance_{table}": pd.DataFrame(rows) for table, rows in found.items()}

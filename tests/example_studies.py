"""Small studies of noise balance."""

from dataclasses import fields
from functools import cache
from typing import Any

import pandas as pd

from gradnoise.store.registry import registered
from gradnoise.store.studies import declared

STUDIES = registered("gradnoise.balance.studies", "STUDY")
TABLES = declared("balance", STUDIES)
SMALL = {
    **{"seed": 3, "replicas": 400, "label_noise": 30.0},
    **{"depths": [0, 1, 2], "ratios": [0.25, 0.5, 0.75, 3.0]},
}


def given(name: str) -> dict[str, Any]:
    """Settings of a study's job at its smallest."""
    read = {field.name for field in fields(STUDIES[name].settings)}
    return {"study": name, **{key: value for key, value in SMALL.items() if key in read}}


@cache
def study(name: str) -> dict[str, pd.DataFrame]:
    """Tables of one study at its smallest, made once."""
    found = STUDIES[name].run(STUDIES[name].settings(**given(name)))
    return {f"balance_{table}": pd.DataFrame(rows) for table, rows in found.items()}

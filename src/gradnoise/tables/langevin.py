"""What the langevin stage wrote, as two tables: a row per direction, and a row per subspace."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from gradnoise.langevin.results import read_table
from gradnoise.langevin.variables import DYNAMICS, NUMBERS, TABLE, TABLES
from gradnoise.store.paths import Checkpoint, Paths
from gradnoise.store.variables import Variable

KEY = (
    Variable("run", "name of the run", ""),
    Variable("seed", "of the training"),
    Variable("epoch", "of the checkpoint from which SGD is followed", "epochs"),
    Variable("variant", "name of the trajectory", ""),
    Variable("subspace", "a parameter's name, or `model`", ""),
)

COLUMNS: dict[str, tuple[Variable, ...]] = {
    "langevin": (*KEY, *DYNAMICS, *TABLES[TABLE]),
    "langevin_subspaces": (*KEY, *DYNAMICS, *NUMBERS),
}


class Source(NamedTuple):
    """One subspace of one trajectory: values of KEY, in that order."""

    run: str
    seed: int
    epoch: int
    variant: str
    subspace: str

    def path(self, results: Path) -> Path:
        """Its file."""
        at = Checkpoint(self.run, self.seed, self.epoch)
        return Path(Paths(results).langevin(at, self.variant, self.subspace))


def sources(measured: Mapping[str, Mapping[str, Any]]) -> Iterator[Source]:
    """All subspaces of all trajectories.

    Args:
        measured: run -> its `followed` seeds, `last_epoch`, `variants` and `subspaces`.
    """
    for run, what in measured.items():
        for seed in what["followed"]:
            for variant in what["variants"]:
                for subspace in what["subspaces"]:
                    yield Source(run, seed, what["last_epoch"], variant, subspace)


def read(results: Path, measured: Mapping[str, Mapping[str, Any]]) -> dict[str, pd.DataFrame]:
    """The tables of COLUMNS, by name.

    Args:
        results: folder of all results.
        measured: see `sources`.

    Raises:
        InputError: names a file that is missing or damaged.
    """
    directions, subspaces = [], []
    for source in sources(measured):
        rows, attributes = read_table(source.path(results))
        made = {variable.name: attributes[variable.name] for variable in DYNAMICS}
        key = {**source._asdict(), **made}
        directions.append(pd.DataFrame({**key, **_columns(rows)}))
        numbers = {variable.name: float(attributes[variable.name]) for variable in NUMBERS}
        subspaces.append({**key, **numbers})
    return {
        "langevin": pd.concat(directions, ignore_index=True) if directions else _empty("langevin"),
        "langevin_subspaces": pd.DataFrame(subspaces)
        if subspaces
        else _empty("langevin_subspaces"),
    }


def _columns(rows: np.ndarray) -> dict[str, np.ndarray]:
    return {name: rows[name] for name in rows.dtype.names or ()}


def _empty(table: str) -> pd.DataFrame:
    return pd.DataFrame(columns=[variable.name for variable in COLUMNS[table]])

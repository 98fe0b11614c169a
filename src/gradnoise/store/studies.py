"""Studies of the whole experiment: simulations with tables of their own, of no run; one folder a stage."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from gradnoise.store.tables import write_table
from gradnoise.store.variables import Variable

Rows = list[dict[str, Any]]
Tables = Mapping[str, Sequence[Variable]]
Settings = TypeVar("Settings")


@dataclass(frozen=True)
class Study(Generic[Settings]):
    """A simulation with its tables.

    Attributes:
        tables: columns of every table, by name.
        run: from the stage's settings to the rows of every table, with those columns in any order.
    """

    tables: Tables
    run: Callable[[Settings], Mapping[str, Rows]]


def declared(stage: str, studies: Mapping[str, Study[Any]]) -> dict[str, Sequence[Variable]]:
    """Columns of every table of a stage, by the name of its file."""
    return {
        f"{stage}_{name}": columns
        for study in studies.values()
        for name, columns in study.tables.items()
    }


def write(folder: Path, stage: str, tables: Tables, found: Mapping[str, Rows]) -> None:
    """Write tables as CSV, a file each, `stage_table.csv`.

    Args:
        folder: which exists.
        stage: whose tables they are.
        tables: as `declared` gives them.
        found: rows by the table's name, with the declared columns in any order.
    """
    for name, rows in found.items():
        columns = [each.name for each in tables[f"{stage}_{name}"]]
        write_table(
            folder / f"{stage}_{name}.csv", [{each: row[each] for each in columns} for row in rows]
        )

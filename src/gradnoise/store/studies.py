"""Studies of the whole experiment: simulations with tables of their own, of no run; one folder a stage."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from gradnoise.store.tables import write_table
from gradnoise.store.variables import Variable
from gradnoise.store.work_area import WorkArea

log = logging.getLogger(__name__)

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


def publish(
    output: Path,
    manifest: Mapping[str, Any],
    studies: Mapping[str, Study[Settings]],
    names: Sequence[str],
    settings: Settings,
) -> None:
    """Run studies of a stage and publish the folder of their tables, unless an earlier attempt has.

    Args:
        output: the folder, named as the stage.
        manifest: of the work area.
        studies: all that the stage has.
        names: of those to run.
        settings: the stage's.
    """
    stage, tables = output.name, declared(output.name, studies)
    with WorkArea(output, manifest, {stage: output}) as area:
        if area.published:
            return
        folder = area.path / stage
        folder.mkdir(exist_ok=True)
        for name in names:
            write(folder, stage, tables, studies[name].run(settings))
            log.info("%s: done", name)
        area.publish()

"""Studies of the whole experiment: simulations with tables of their own, of no run; one folder a job."""

import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from gradnoise.errors import InputError
from gradnoise.store.tables import write_table
from gradnoise.store.work_area import WorkArea

if TYPE_CHECKING:
    from gradnoise.store.variables import Variable

Rows = list[dict[str, Any]]
Tables = Mapping[str, Sequence["Variable"]]
Settings = TypeVar("Settings")


@dataclass(frozen=True)
class Study(Generic[Settings]):
    """A simulation with its tables; several jobs may each make a piece of them, some of the rows.

    Attributes:
        settings: what a job of it reads.
        tables: columns of every table, by name.
        run: from a job's settings to its rows of every table, with those columns in any order.
    """

    settings: type[Settings]
    tables: Tables
    run: Callable[[Settings], Mapping[str, Rows]]


def load(stage: str, given: Mapping[str, Any]) -> Study[Any]:
    """The study that a job is of; no other is imported.

    Args:
        stage: that has it.
        given: the job's settings, of which `study` is its name.

    Raises:
        InputError: where the stage has no such study.
    """
    package = f"gradnoise.{stage}.studies"
    names = sorted(each.name for each in pkgutil.iter_modules(import_module(package).__path__))
    name = given.get("study")
    if name not in names:
        raise InputError(f"settings: study: found {name!r}; accepted: {', '.join(names)}")
    study: Study[Any] = import_module(f"{package}.{name}").STUDY
    return study


def declared(stage: str, studies: Mapping[str, Study[Any]]) -> dict[str, Sequence["Variable"]]:
    """Columns of every table of a stage, by the name of its file."""
    return {
        f"{stage}_{name}": columns
        for study in studies.values()
        for name, columns in study.tables.items()
    }


def write(folder: Path, stage: str, tables: Tables, found: Mapping[str, Rows]) -> None:
    """Write a study's tables as CSV, a file each, `stage_table.csv`.

    Args:
        folder: which exists.
        stage: whose tables they are.
        tables: columns, as the study declares them.
        found: rows by the table's name, with the declared columns in any order.
    """
    for name, rows in found.items():
        columns = [each.name for each in tables[name]]
        write_table(
            folder / f"{stage}_{name}.csv", [{each: row[each] for each in columns} for row in rows]
        )


def publish(
    output: Path,
    manifest: Mapping[str, Any],
    stage: str,
    study: Study[Settings],
    settings: Settings,
) -> None:
    """Run a job of a study and publish the folder of its tables, unless an earlier attempt has.

    Args:
        output: the folder.
        manifest: of the work area.
        stage: whose study it is.
        study: to run.
        settings: of the job.
    """
    with WorkArea(output, manifest, {output.name: output}) as area:
        if area.published:
            return
        folder = area.path / output.name
        folder.mkdir(exist_ok=True)
        write(folder, stage, study.tables, study.run(settings))
        area.publish()

"""The tables of the balance stage: what they hold, and written."""

from collections.abc import Mapping
from pathlib import Path

from gradnoise.balance.study import Rows, Study
from gradnoise.store.registry import registered
from gradnoise.store.tables import write_table

STUDIES: dict[str, Study] = registered("gradnoise.balance.studies", "STUDY")
TABLES = {
    f"balance_{name}": columns
    for study in STUDIES.values()
    for name, columns in study.tables.items()
}


def write(folder: Path, found: Mapping[str, Rows]) -> None:
    """Write tables as CSV, a file each.

    Args:
        folder: which exists.
        found: rows by the table's name, with the study's columns in any order.
    """
    for name, rows in found.items():
        columns = [each.name for each in TABLES[f"balance_{name}"]]
        write_table(
            folder / f"balance_{name}.csv", [{each: row[each] for each in columns} for row in rows]
        )

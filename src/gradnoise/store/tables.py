"""Small tables as CSV files, without pandas."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gradnoise.store.whole import published


def write_table(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows of equal keys as CSV, whole or not at all; None becomes an empty cell.

    Raises:
        ValueError: where there is no row, or one has other keys than the first.
    """
    if not rows:
        raise ValueError(f"{path}: a table without rows has no columns")
    columns = list(rows[0])
    for row in rows:
        if list(row) != columns:
            raise ValueError(f"{path}: found columns {list(row)} after {columns}")
    with published(path) as temporary, temporary.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)

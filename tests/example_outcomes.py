"""What was tried on the pipeline and how it ended: gathered from all test processes, printed as one table."""

import csv
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

PROPERTY = "fault"
TABLE = Path(__file__).parents[1] / "docs/data/reliability/faults.csv"
COLUMNS = ("fault", "where", "tried", "identical", "told")  # and `form`: long or short


class Outcomes:
    """Notes of one test, which travel with its report.

    Args:
        request: pytest's, of the test.
    """

    def __init__(self, request: pytest.FixtureRequest) -> None:
        self._properties = request.node.user_properties

    def add(self, fault: str, where: str, *, identical: int = 0, told: int = 0) -> None:
        """Note tries of a fault.

        Args:
            fault: its kind.
            where: it happened.
            identical: how many ended with the same files, bit for bit, on the documented next command.
            told: how many ended in one clear line.
        """
        tried = max(identical, told)
        self._properties.append((PROPERTY, [fault, where, tried, identical, told]))


def gathered(reports: Iterable[Any]) -> list[dict[str, Any]]:
    """A row for each kind of fault and place, from the reports of tests that passed."""
    sums: Counter[tuple[str, str, str]] = Counter()
    places = {}
    for report in reports:
        for name, value in report.user_properties:
            if name == PROPERTY:
                fault, where, *numbers = value
                places[fault, where] = None
                for column, number in zip(COLUMNS[2:], numbers, strict=True):
                    sums[fault, where, column] += number
    return [
        {"fault": fault, "where": where}
        | {column: sums[fault, where, column] for column in COLUMNS[2:]}
        for fault, where in sorted(places)
    ]


def report(terminal: Any, form: str) -> None:
    """Print the table of a session's outcomes; keep it for the page, if nothing failed and the form has a name."""
    rows = gathered(terminal.stats.get("passed", []))
    if not rows:
        return
    terminal.section("faults tried: the same results, one clear line")
    for row in rows:
        terminal.line("{fault}, {where}: {tried} tried, {identical}, {told}".format(**row))
    if form and not terminal.stats.get("failed") and not terminal.stats.get("error"):
        TABLE.parent.mkdir(parents=True, exist_ok=True)
        with TABLE.open("w", newline="") as file:
            writer = csv.DictWriter(file, [*COLUMNS, "form"], lineterminator="\n")
            writer.writeheader()
            writer.writerows(row | {"form": form} for row in rows)

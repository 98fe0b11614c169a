"""What was tried on the pipeline and how it ended: gathered from all test processes, printed as one table."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest

PROPERTY = "fault"
COLUMNS = ("fault", "where", "tried", "identical", "told")


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

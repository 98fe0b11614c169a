"""The table of the instrument check."""

from dataclasses import fields

from gradnoise.calibration.checks import Check
from gradnoise.calibration.results import COLUMNS


def test_every_column_of_the_check_is_declared_in_its_order() -> None:
    assert [column.name for column in COLUMNS] == [field.name for field in fields(Check)]

"""Small tables as CSV."""

import pytest

from gradnoise.store.tables import write_table


def test_rows_stand_under_their_names_and_nothing_is_an_empty_cell(tmp_path):
    path = tmp_path / "new" / "table.csv"
    write_table(path, [{"name": "a, b", "value": 0.1}, {"name": "c", "value": None}])
    assert path.read_bytes() == b'name,value\n"a, b",0.1\nc,\n'
    assert {each.name for each in path.parent.iterdir()} == {"table.csv", ".table.csv.crc32c"}


@pytest.mark.parametrize("other", [{"a": 1}, {"a": 1, "b": 2, "c": 3}, {"b": 2, "a": 1}])
def test_rows_of_other_columns_are_refused_and_leave_no_file(other, tmp_path):
    with pytest.raises(ValueError, match="found columns"):
        write_table(tmp_path / "table.csv", [{"a": 1, "b": 2}, other])
    assert not list(tmp_path.iterdir())


def test_no_rows_are_refused(tmp_path):
    with pytest.raises(ValueError, match="without rows"):
        write_table(tmp_path / "table.csv", [])

"""Every column of the tables is declared, in its place."""

from example_results import write_run, write_tables
from gradnoise.tables.catalogue import LANGEVIN, SUMMARIES, read
from gradnoise.tables.columns import COLUMNS


def test_every_table_is_declared():
    names = {"gaussianity", "gaussianity_repeats", "training", *SUMMARIES, *LANGEVIN}
    assert set(COLUMNS) == names


def test_headers_are_the_declared_columns(tmp_path):
    run = write_run(tmp_path, "cnn", epochs=(0, 1), batch_sizes=(16, 64), repeats=2)
    tables = read(write_tables(tmp_path, run))
    for name in ("gaussianity", "gaussianity_repeats", "layers", *LANGEVIN):
        assert list(tables[name]) == [variable.name for variable in COLUMNS[name]], name
    training = [name for name in tables["training"] if not name.startswith("dead_units_")]
    assert training == [variable.name for variable in COLUMNS["training"]]


def test_every_column_has_a_meaning():
    for name, columns in COLUMNS.items():
        assert len({column.name for column in columns}) == len(columns), name
        assert all(column.long_name for column in columns), name

"""The table of the related studies."""

import pytest

from gradnoise.related.conduct import conduct, load
from gradnoise.related.results import write
from gradnoise.related.study import Settings
from gradnoise.tables.related import COLUMNS, read_studies


def test_every_number_of_every_study_is_a_row(tmp_path):
    (tmp_path / "related").mkdir()
    found = {}
    for name, repeats in (("sgld", 2), ("implicit_sgd", 3)):
        settings = Settings(1, repeats, 0.02)
        found[name] = conduct(name, settings)
        path = tmp_path / "related" / f"{name}.h5"
        write(path, name, settings, load(name).variables, found[name])
    table = read_studies(tmp_path, ["implicit_sgd", "sgld"])
    assert list(table) == [column.name for column in COLUMNS]
    assert list(table["study"].unique()) == ["implicit_sgd", "sgld"]
    for name, repeats in (("sgld", 2), ("implicit_sgd", 3)):
        mine = table[table["study"] == name]
        assert set(mine["repeats"]) == {repeats}
        for column in ("quantity", "measured", "error", "least", "most"):
            assert mine[column].tolist() == [getattr(row, column) for row in found[name].rows]


def test_a_study_that_was_not_made_is_missed(tmp_path):
    with pytest.raises(Exception, match=r"sgld\.h5"):
        read_studies(tmp_path, ["sgld"])

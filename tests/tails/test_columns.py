import pytest

from gradnoise.tails.columns import TABLES, rows_of


def test_rows_have_the_declared_columns_in_their_order() -> None:
    row = {column.name: 1.5 for column in TABLES["growth"]}
    row |= {
        "variance": "finite",
        "fourth_moment": "undecided",
        "samples": 3,
        "coordinates": 2,
        "further": 0,
    }
    found = rows_of("growth", [dict(reversed(row.items()))])
    assert list(found.dtype.names or ()) == [column.name for column in TABLES["growth"]]
    assert found.dtype["samples"] == "i8"
    assert found.dtype["rho_error"] == "f8"
    assert found["fourth_moment"].tolist() == [b"undecided"]
    del row["rho_error"]
    with pytest.raises(KeyError, match="rho_error"):
        rows_of("growth", [row])


def test_text_is_never_cut_and_as_wide_in_every_layer() -> None:
    row = {"label": 0, "share_samples": 0.5, "share_weight": 0.5, "share_top": 0.5}
    long = 40 * "ä"
    found = rows_of("influence_classes", [{**row, "name": "cat"}, {**row, "name": long}])
    assert found["name"][1].decode() == long
    assert rows_of("influence_classes", [{**row, "name": "cat"}])["name"].dtype == "S64"

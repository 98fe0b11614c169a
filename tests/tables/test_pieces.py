"""Tables of studies that several jobs made."""

from pathlib import Path

import pytest

from gradnoise.errors import InputError
from gradnoise.store import checksums
from gradnoise.tables.pieces import join

PIECES = {
    ("s", "long-q-0.5"): {"s_long": "a,b\n1,0.5\n2,0.25\n", "s_rest": "c\n7\n"},
    ("s", "long-q-3"): {"s_long": 'a,b\n3,"x,y"\n'},
    ("t", "only"): {"t_only": "d\n9\n"},
}


def written(folder: Path, changed: dict[str, str] | None = None) -> Path:
    """The pieces below a folder, the last of the first stage with other tables."""
    for (stage, name), tables in PIECES.items():
        piece = folder / stage / name
        piece.mkdir(parents=True)
        for table, text in {**tables, **(changed or {} if name == "long-q-3" else {})}.items():
            (piece / f"{table}.csv").write_text(text)
        checksums.write_list(piece, "")
    (folder / "tables").mkdir()
    return folder


def test_rows_of_pieces_stand_one_after_another_in_the_order_asked_for(tmp_path: Path) -> None:
    results = written(tmp_path)
    join(results, {"s": ["long-q-3", "long-q-0.5"], "t": ["only"]}, results / "tables")
    found = {path.name: path.read_text() for path in (results / "tables").iterdir()}
    assert found == {
        "s_long.csv": 'a,b\n3,"x,y"\n1,0.5\n2,0.25\n',
        "s_rest.csv": "c\n7\n",
        "t_only.csv": "d\n9\n",
    }


def test_what_was_not_asked_for_is_left_out(tmp_path: Path) -> None:
    results = written(tmp_path)
    join(results, {"s": ["long-q-3"], "t": []}, results / "tables")
    assert [path.name for path in (results / "tables").iterdir()] == ["s_long.csv"]


def test_pieces_of_other_columns_are_not_joined(tmp_path: Path) -> None:
    results = written(tmp_path, {"s_long": "a,c\n3,4\n"})
    with pytest.raises(
        InputError, match=r"long-q-3/s_long\.csv: found columns 'a,c'; accepted: 'a,b'"
    ):
        join(results, {"s": ["long-q-0.5", "long-q-3"]}, results / "tables")


def test_a_damaged_piece_is_told(tmp_path: Path) -> None:
    results = written(tmp_path)
    (results / "s/long-q-3/s_long.csv").write_text('a,b\n4,"x,y"\n')
    with pytest.raises(InputError, match=r"s_long\.csv"):
        join(results, {"s": ["long-q-3"]}, results / "tables")

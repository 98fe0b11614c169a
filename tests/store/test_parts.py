"""Parts of a job are equal stretches, and their files become one folder's."""

import os
from pathlib import Path

import pytest

from gradnoise.errors import InputError
from gradnoise.store import checksums, whole
from gradnoise.store.parts import Part, link


@pytest.mark.parametrize(("places", "of"), [(11, 3), (4, 7), (5, 1)])
def test_every_place_is_in_one_part_and_parts_are_equal_stretches(places: int, of: int) -> None:
    mine = [[p for p in range(places) if Part(n, of).has(p, places)] for n in range(1, of + 1)]
    assert [place for part in mine for place in part] == list(range(places))
    assert max(map(len, mine)) - min(map(len, mine)) <= 1


def written(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / "store.zarr" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    checksums.write_list(folder)
    return folder


@pytest.mark.parametrize("linked", [True, False])
def test_files_of_all_parts_come_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, linked: bool
) -> None:
    first = written(tmp_path / "1-of-2", labels="a", one="1")
    second = written(tmp_path / "2-of-2", labels="a", two="22")
    if not linked:
        monkeypatch.setattr(whole.os, "link", lambda *_: os.stat(tmp_path / "no hard links"))
    target = tmp_path / "whole"
    target.mkdir()
    for _ in range(2):  # after a kill it goes on
        link([first, second], target)
    found = {str(p.relative_to(target)): p for p in target.rglob("*") if p.is_file()}
    assert {name: path.read_text() for name, path in found.items()} == {
        "store.zarr/labels": "a",
        "store.zarr/one": "1",
        "store.zarr/two": "22",
    }
    assert os.path.samefile(found["store.zarr/two"], second / "store.zarr/two") is linked


def test_parts_that_are_missing_or_damaged_are_named(tmp_path: Path) -> None:
    target = tmp_path / "whole"
    target.mkdir()
    with pytest.raises(InputError, match=r"3-of-3: expected a part of a store, found none"):
        link([tmp_path / "3-of-3"], target)
    part = written(tmp_path / "1-of-2", labels="a", one="1")
    (part / "store.zarr/one").write_text("2")
    with pytest.raises(InputError, match=r"1-of-2/store.zarr/one: .*checksum differs.*delete"):
        link([part], target)

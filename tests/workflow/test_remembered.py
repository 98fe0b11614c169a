"""Fingerprints that an earlier process found."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import fingerprint as fingerprints
import remembered
from fingerprint import fingerprint


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Path]:
    """Three modules, of which one imports another."""
    folder = tmp_path / "source/pkg"
    folder.mkdir(parents=True)
    for name, text in {"__init__": "", "a": "from pkg import b\n", "b": "X = 1\n", "c": ""}.items():
        (folder / f"{name}.py").write_text(text)
    fingerprints.KNOWN.clear()
    yield folder.parent
    fingerprints.KNOWN.clear()


def planned(source: Path, file: Path) -> tuple[str, ...]:
    """What a process finds that begins and ends here."""
    fingerprints.KNOWN.clear()
    key = remembered.stamp(source)
    fingerprints.KNOWN[source] = remembered.read(file, key)
    before = len(fingerprints.KNOWN[source])
    found = fingerprint("pkg.a", source)
    remembered.leave(source, file, key, before)
    return found


def refuse(*_: object) -> None:
    raise AssertionError("a module was parsed")


def test_a_second_process_parses_nothing_and_finds_the_same(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "below/kept.json"
    first = planned(source, file)
    assert len(first) == 3
    monkeypatch.setattr(fingerprints, "_read", refuse)
    assert planned(source, file) == first


@pytest.mark.parametrize(
    "edit",
    [
        lambda folder: (folder / "b.py").write_text("X = 22\n"),
        lambda folder: os.utime(folder / "b.py", ns=(5, 5)),
        lambda folder: (folder / "c.py").unlink(),
        lambda folder: (folder / "b_table.csv").write_text("1\n"),
    ],
    ids=["another text", "another time", "a module less", "a file of data more"],
)
def test_after_any_edit_all_is_parsed_again(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, edit
) -> None:
    file = tmp_path / "kept.json"
    planned(source, file)
    edit(source / "pkg")
    with monkeypatch.context() as patch:
        patch.setattr(fingerprints, "_read", refuse)
        with pytest.raises(AssertionError, match="was parsed"):
            planned(source, file)
    again = planned(source, file)
    fingerprints.KNOWN.clear()
    assert again == fingerprint("pkg.a", source)


def test_what_was_edited_while_it_was_read_is_not_left(source: Path, tmp_path: Path) -> None:
    file, key = tmp_path / "kept.json", remembered.stamp(source)
    fingerprints.KNOWN[source] = {}
    fingerprint("pkg.a", source)
    (source / "pkg/b.py").write_text("X = 333\n")
    remembered.leave(source, file, key, 0)
    assert not file.exists()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"stamp": "%s", "modules": {"pkg": [1]}}'])
def test_a_damaged_file_is_done_without(source: Path, tmp_path: Path, text: str) -> None:
    file, key = tmp_path / "kept.json", remembered.stamp(source)
    file.write_text(text.replace("%s", key))
    assert remembered.read(file, key) == {}
    planned(source, file)
    assert json.loads(file.read_text())["stamp"] == key

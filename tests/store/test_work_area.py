"""Work areas, locks and atomic publishing."""

import multiprocessing
import os
import shutil
import signal
import socket
import time
from pathlib import Path
from typing import Any

import pytest

from gradnoise.errors import InputError
from gradnoise.store import checksums
from gradnoise.store.whole import atomic, write_text
from gradnoise.store.work_area import WorkArea

SETTINGS = {"settings": {"a": 1}, "source": "x"}


def hold(output: Path, ready: Path) -> None:
    with WorkArea(output, SETTINGS, {}):
        ready.touch()
        time.sleep(60)


def start_holder(tmp_path: Path) -> multiprocessing.Process:
    ready = tmp_path / "ready"
    process = multiprocessing.get_context("fork").Process(
        target=hold, args=(tmp_path / "out", ready)
    )
    process.start()
    for _ in range(1000):
        if ready.exists():
            return process
        time.sleep(0.01)
    raise AssertionError("the holder did not start")


def area_of(folder: Path, settings: dict[str, Any] = SETTINGS, *, kept: bool = True) -> WorkArea:
    """A work area that publishes a folder and a file."""
    targets = {"folder": folder / "out", "table.csv": folder / "deep" / "table.csv"}
    return WorkArea(folder / "out", settings, targets, kept=kept)


def build(area: WorkArea, content: str = "1") -> None:
    (area.path / "folder").mkdir()
    (area.path / "folder" / f"a{content}").write_text(content)
    (area.path / "table.csv").write_text("2")


def remove(folder: Path) -> None:
    """What Snakemake does before a job starts, and after it failed."""
    shutil.rmtree(folder / "out")
    (folder / "deep" / "table.csv").unlink()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_publishing_moves_files_and_folders_and_removes_the_work_area(tmp_path: Path) -> None:
    with area_of(tmp_path, kept=False) as area:
        build(area)
        assert not (tmp_path / "out").exists()
        area.publish()
    assert (tmp_path / "out" / "a1").read_text() == "1"
    assert (tmp_path / "deep" / "table.csv").read_text() == "2"
    assert names(tmp_path) == ["deep", "out"]


def test_publishing_replaces_an_older_folder(tmp_path: Path) -> None:
    for content in ("old", "new"):
        with area_of(tmp_path, {"content": content}) as area:
            build(area, content)
            area.publish()
    assert names(tmp_path / "out") == [".checksums.json", "anew"]


def test_nothing_is_published_when_a_part_is_missing(tmp_path: Path) -> None:
    with area_of(tmp_path) as area:
        (area.path / "folder").mkdir()
        with pytest.raises(FileNotFoundError, match=r"table\.csv was not written"):
            area.publish()
    assert not (tmp_path / "out").exists()


def test_what_was_published_and_then_removed_is_taken_back(tmp_path: Path) -> None:
    with area_of(tmp_path) as area:
        build(area)
        area.publish()
    first = (tmp_path / "out" / "a1").stat().st_ino
    for _ in range(2):
        remove(tmp_path)
        with area_of(tmp_path) as area:
            assert area.published
        assert (tmp_path / "out" / "a1").read_text() == "1"
        assert (tmp_path / "deep" / "table.csv").read_text() == "2"
        checksums.verify(tmp_path / "deep" / "table.csv")
    assert (tmp_path / "out" / "a1").stat().st_ino == first  # a link: it takes no disk
    assert names(tmp_path) == [".out.kept", "deep", "out"]


def test_what_was_published_with_another_manifest_is_not_taken_back_and_frees_its_disk(
    tmp_path: Path,
) -> None:
    with area_of(tmp_path) as area:
        build(area)
        area.publish()
    remove(tmp_path)
    with area_of(tmp_path, {**SETTINGS, "source": "y"}) as area:
        assert not area.published
        assert not (tmp_path / ".out.kept").exists()


@pytest.mark.parametrize("damage", ["flip", "remove"])
def test_what_is_damaged_is_not_taken_back(tmp_path: Path, damage: str) -> None:
    with area_of(tmp_path) as area:
        build(area)
        area.publish()
    if damage == "flip":
        (tmp_path / "out" / "a1").write_text("7")  # the same file under both names
    else:
        (tmp_path / ".out.kept" / "folder" / "a1").unlink()
    remove(tmp_path)
    with area_of(tmp_path) as area:
        assert not area.published
        build(area)
        area.publish()
    assert (tmp_path / "out" / "a1").read_text() == "1"


def test_without_hard_links_nothing_is_kept_and_all_is_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def link(*_: Any, **__: Any) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", link)
    with area_of(tmp_path) as area:
        build(area)
        area.publish()
    assert names(tmp_path) == ["deep", "out"]
    remove(tmp_path)
    with area_of(tmp_path) as area:
        assert not area.published


def test_work_with_the_same_manifest_is_resumed(tmp_path: Path) -> None:
    with area_of(tmp_path) as area:
        (area.path / "part").write_text("kept")
        area.finish("part")
    with area_of(tmp_path) as area:
        assert area.finished == {"part"}
        assert (area.path / "part").read_text() == "kept"


def test_work_with_another_manifest_is_discarded(tmp_path: Path) -> None:
    with area_of(tmp_path) as area:
        (area.path / "part").touch()
        area.finish("part")
    with area_of(tmp_path, {**SETTINGS, "source": "y"}) as area:
        assert area.finished == set()
        assert list(area.path.iterdir()) == []


def test_a_journal_line_cut_by_a_kill_counts_as_unfinished(tmp_path: Path) -> None:
    with area_of(tmp_path) as area:
        area.finish("one")
        with (area.folder / "finished").open("a") as journal:
            journal.write("two")
    with area_of(tmp_path) as area:
        assert area.finished == {"one"}
        area.finish("three")
    with area_of(tmp_path) as area:
        assert area.finished == {"one", "three"}


def test_a_journal_whose_work_is_gone_counts_for_nothing(tmp_path: Path) -> None:
    with WorkArea(tmp_path / "x", {"a": 1}, {}) as area:
        area.finish("one")
        folder, content = area.folder, area.path
    content.rmdir()
    assert (folder / "finished").read_text() == "one\n"
    with WorkArea(tmp_path / "x", {"a": 1}, {}) as area:
        assert area.finished == set()
        assert not (folder / "finished").exists()


def test_a_live_holder_is_named_and_a_dead_one_does_not_block(tmp_path: Path) -> None:
    holder = start_holder(tmp_path)
    with (
        pytest.raises(InputError, match=f"host {socket.gethostname()}, pid {holder.pid}") as raised,
        area_of(tmp_path),
    ):
        pass
    assert str(tmp_path / ".out.work") in str(raised.value)
    assert holder.pid is not None
    os.kill(holder.pid, signal.SIGKILL)
    holder.join()
    with area_of(tmp_path) as area:
        assert area.path.is_dir()


def test_an_atomic_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "a" / "table.csv"
    write_text(target, "first")

    def interrupted() -> None:
        with atomic(target) as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert target.read_text() == "first"
    assert list(target.parent.iterdir()) == [target]

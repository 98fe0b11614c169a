"""Work areas, locks and atomic publishing."""

import multiprocessing
import os
import signal
import socket
import time
from pathlib import Path

import pytest

from gradnoise.errors import InputError
from gradnoise.store.work_area import WorkArea, atomic, write_text

SETTINGS = {"settings": {"a": 1}, "source": "x"}


def hold(output: Path, ready: Path) -> None:
    with WorkArea(output, SETTINGS):
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


def test_publishing_moves_files_and_folders_and_removes_the_work_area(tmp_path: Path) -> None:
    with WorkArea(tmp_path / "out", SETTINGS) as area:
        (area.path / "folder").mkdir()
        (area.path / "folder" / "a").write_text("1")
        (area.path / "table.csv").write_text("2")
        assert not (tmp_path / "out").exists()
        area.publish({"folder": tmp_path / "out", "table.csv": tmp_path / "deep" / "table.csv"})
    assert (tmp_path / "out" / "a").read_text() == "1"
    assert (tmp_path / "deep" / "table.csv").read_text() == "2"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["deep", "out"]


def test_publishing_replaces_an_older_folder(tmp_path: Path) -> None:
    for content in ("old", "new"):
        with WorkArea(tmp_path / "out", SETTINGS) as area:
            (area.path / "folder").mkdir()
            (area.path / "folder" / content).touch()
            area.publish({"folder": tmp_path / "out"})
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["new"]


def test_nothing_is_published_when_a_part_is_missing(tmp_path: Path) -> None:
    with WorkArea(tmp_path / "out", SETTINGS) as area:
        (area.path / "a").touch()
        with pytest.raises(FileNotFoundError, match="b was not written"):
            area.publish({"a": tmp_path / "out", "b": tmp_path / "other"})
    assert not (tmp_path / "out").exists()


def test_work_with_the_same_manifest_is_resumed(tmp_path: Path) -> None:
    with WorkArea(tmp_path / "out", SETTINGS) as area:
        (area.path / "part").write_text("kept")
        area.finish("part")
    with WorkArea(tmp_path / "out", SETTINGS) as area:
        assert area.finished == {"part"}
        assert (area.path / "part").read_text() == "kept"


def test_work_with_another_manifest_is_discarded(tmp_path: Path) -> None:
    with WorkArea(tmp_path / "out", SETTINGS) as area:
        (area.path / "part").touch()
        area.finish("part")
    with WorkArea(tmp_path / "out", {**SETTINGS, "source": "y"}) as area:
        assert area.finished == set()
        assert list(area.path.iterdir()) == []


def test_a_journal_line_cut_by_a_kill_counts_as_unfinished(tmp_path: Path) -> None:
    with WorkArea(tmp_path / "out", SETTINGS) as area:
        area.finish("one")
        with (area.folder / "finished").open("a") as journal:
            journal.write("two")
    with WorkArea(tmp_path / "out", SETTINGS) as area:
        assert area.finished == {"one"}
        area.finish("three")
    with WorkArea(tmp_path / "out", SETTINGS) as area:
        assert area.finished == {"one", "three"}


def test_a_journal_whose_work_is_gone_counts_for_nothing(tmp_path: Path) -> None:
    with WorkArea(tmp_path / "x", {"a": 1}) as area:
        area.finish("one")
        folder, content = area.folder, area.path
    content.rmdir()
    assert (folder / "finished").read_text() == "one\n"
    with WorkArea(tmp_path / "x", {"a": 1}) as area:
        assert area.finished == set()
        assert not (folder / "finished").exists()


def test_a_live_holder_is_named_and_a_dead_one_does_not_block(tmp_path: Path) -> None:
    holder = start_holder(tmp_path)
    with (
        pytest.raises(InputError, match=f"host {socket.gethostname()}, pid {holder.pid}") as raised,
        WorkArea(tmp_path / "out", SETTINGS),
    ):
        pass
    assert str(tmp_path / ".out.work") in str(raised.value)
    assert holder.pid is not None
    os.kill(holder.pid, signal.SIGKILL)
    holder.join()
    with WorkArea(tmp_path / "out", SETTINGS) as area:
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

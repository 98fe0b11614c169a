"""Work areas, locks, atomic publishing, sealed stores."""

import multiprocessing
import os
import signal
import socket
import time
from pathlib import Path

import numpy as np
import pytest
import zarr

from gradnoise.errors import InputError
from gradnoise.store import arrays
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


def sample_store(path: Path) -> zarr.Group:
    group = zarr.open_group(path, mode="w")
    array = arrays.create_array(group, "noise", (4, 6), (1, 3), (2, 6), ("batch", "coordinate"))
    array[:2] = np.ones((2, 6), np.float32)
    return group


def test_a_store_with_missing_chunks_cannot_be_sealed(tmp_path: Path) -> None:
    group = sample_store(tmp_path / "a.zarr")
    with pytest.raises(RuntimeError, match="noise: 4 of 8 chunks written"):
        arrays.seal(group)


def test_a_store_without_the_seal_is_refused(tmp_path: Path) -> None:
    sample_store(tmp_path / "a.zarr")
    with pytest.raises(InputError, match="never completed"):
        arrays.open_store(tmp_path / "a.zarr")
    with pytest.raises(InputError, match="found none"):
        arrays.open_store(tmp_path / "b.zarr")


def test_a_store_that_lost_a_chunk_is_refused(tmp_path: Path) -> None:
    group = sample_store(tmp_path / "a.zarr")
    group["noise"][2:] = np.ones((2, 6), np.float32)  # type: ignore[index]
    arrays.seal(group)
    assert arrays.open_store(tmp_path / "a.zarr")["noise"][:].sum() == 24  # type: ignore[index, union-attr]
    (tmp_path / "a.zarr" / "noise" / "c" / "1" / "0").unlink()
    with pytest.raises(InputError, match="4 of 8 chunks found"):
        arrays.open_store(tmp_path / "a.zarr")


def test_an_altered_chunk_is_detected_when_it_is_read(tmp_path: Path) -> None:
    group = sample_store(tmp_path / "a.zarr")
    group["noise"][2:] = np.ones((2, 6), np.float32)  # type: ignore[index]
    arrays.seal(group)
    chunk = tmp_path / "a.zarr" / "noise" / "c" / "0" / "0"
    data = bytearray(chunk.read_bytes())
    data[5] ^= 1
    chunk.write_bytes(data)
    with pytest.raises(ValueError, match="checksum"):
        arrays.open_store(tmp_path / "a.zarr")["noise"][:]  # type: ignore[index]


def test_chunks_of_zeros_are_written_like_any_other(tmp_path: Path) -> None:
    group = zarr.open_group(tmp_path / "a.zarr", mode="w")
    arrays.put_array(group, "dead", np.zeros(5), ("coordinate",))
    arrays.put_array(group, "first", np.zeros(1, np.int64), ("coordinate",))
    arrays.seal(group)
    opened = arrays.open_store(tmp_path / "a.zarr")
    assert np.array_equal(opened["dead"][:], np.zeros(5))  # type: ignore[index, arg-type]


def test_only_the_member_that_is_read_is_checked_for_lost_chunks(tmp_path: Path) -> None:
    group = zarr.open_group(tmp_path / "a.zarr", mode="w")
    for name in ("one", "two"):
        arrays.put_array(group.create_group(name), "noise", np.ones(4), ("coordinate",))
    arrays.seal(group)
    (tmp_path / "a.zarr/two/noise/c/0").unlink()
    arrays.open_store(tmp_path / "a.zarr", "one")
    with pytest.raises(InputError, match="two/noise: 0 of 1 chunks found"):
        arrays.open_store(tmp_path / "a.zarr", "two")
    with pytest.raises(InputError, match="found no 'three'; there are: one, two"):
        arrays.open_store(tmp_path / "a.zarr", "three")

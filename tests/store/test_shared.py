"""Workflows with a folder in common take each other's results from it."""

import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from example_results import call
from gradnoise.control import __main__ as control
from gradnoise.store import checksums, shared, whole
from gradnoise.store.work_area import WorkArea

MANIFEST: dict[str, Any] = {"settings": {"a": 1}, "source": "x", "inputs": {"data": ["1"]}}


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(shared.VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache"


def publish(folder: Path, manifest: dict[str, Any] = MANIFEST, text: str = "1") -> bool:
    """A folder and a file; whether they were computed."""
    targets = {"out": folder / "out", "table.csv": folder / "table.csv"}
    with WorkArea(folder / "out", manifest, targets) as work:
        if work.published:
            return False
        (work.path / "out/deep").mkdir(parents=True)
        (work.path / "out/deep/a").write_text(text)
        (work.path / "table.csv").write_text(2 * text)
        work.publish()
    return True


def test_another_output_folder_takes_what_was_computed(tmp_path: Path, cache: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    assert publish(first)
    os.utime(first / "table.csv", (1, 1))
    began = time.time() - 1
    assert not publish(second, text="never computed")
    for name, text in (("out/deep/a", "1"), ("table.csv", "11")):
        assert (second / name).read_text() == text
    checksums.verify(second / "table.csv")
    assert (second / ".table.csv.crc32c").exists()
    checksums.verify_folder(second / "out")
    # No disk for what is in folders; a file of its own has a time of its own, which Snakemake goes by.
    assert os.path.samefile(first / "out/deep/a", second / "out/deep/a")
    assert (second / "table.csv").stat().st_mtime > began
    assert not list(second.glob(".*.work"))
    shutil.rmtree(first)
    shutil.rmtree(cache)
    assert (second / "out/deep/a").read_text() == "1"


@pytest.mark.parametrize(
    "changed", [{"settings": {"a": 2}}, {"source": "y"}, {"inputs": {"data": ["2"]}}]
)
def test_other_settings_code_or_inputs_are_computed(
    tmp_path: Path, cache: Path, changed: dict[str, Any]
) -> None:
    assert publish(tmp_path / "first")
    assert publish(tmp_path / "second", MANIFEST | changed, "2")
    assert (tmp_path / "second/table.csv").read_text() == "22"
    assert len(list(cache.iterdir())) == 2


def test_other_versions_of_packages_are_computed(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert publish(tmp_path / "first")
    monkeypatch.setattr(shared, "versions", lambda: {"torch": "1"})
    assert publish(tmp_path / "second")


def test_without_the_variable_or_known_code_nothing_is_shared(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert publish(tmp_path / "by hand", {**MANIFEST, "source": ""})
    monkeypatch.delenv(shared.VARIABLE)
    assert publish(tmp_path / "first")
    assert publish(tmp_path / "second")
    assert not cache.exists()


def test_what_is_damaged_is_computed_anew_and_replaced(
    tmp_path: Path, cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert publish(tmp_path / "first")
    (entry,) = cache.iterdir()
    damaged = entry / "out/deep/a"
    damaged.unlink()  # a link: the first result stays whole
    damaged.write_text("3")
    assert publish(tmp_path / "second")
    assert "cannot be used" in caplog.text
    assert not publish(tmp_path / "third")
    assert (tmp_path / "third/out/deep/a").read_text() == "1"
    assert len(list(cache.iterdir())) == 1


def test_on_another_file_system_files_are_copied(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: Any) -> None:
        raise OSError("Invalid cross-device link")

    monkeypatch.setattr(whole.os, "link", refused)
    assert publish(tmp_path / "first")
    assert not publish(tmp_path / "second")
    assert not os.path.samefile(tmp_path / "first/out/deep/a", tmp_path / "second/out/deep/a")
    checksums.verify_folder(tmp_path / "second/out")


def test_a_folder_that_cannot_be_written_costs_nothing_but_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv(shared.VARIABLE, str(tmp_path / "file"))
    assert publish(tmp_path / "first")
    assert (tmp_path / "first/table.csv").exists()
    assert "not shared in" in caplog.text


def test_the_control_is_made_once_for_two_outputs(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = '{"seed": 0, "batch_sizes": [16, 256], "batches": 100}'
    made = [{each.name: 1 for each in control.write.__globals__["COLUMNS"]}]
    monkeypatch.setattr(control, "control", lambda *given: made)
    arguments = "--settings", settings, "--source", "code", "--output"
    call("control", *arguments, tmp_path / "first/control.csv")
    monkeypatch.setattr(control, "control", lambda *given: pytest.fail("made again"))
    call("control", *arguments, tmp_path / "second/control.csv")
    first, second = ((tmp_path / name / "control.csv").read_bytes() for name in ("first", "second"))
    assert first == second

"""After a kill one command unlocks and goes on; which jobs it waits for, and what it hands to Snakemake."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import resume

SLEEP = "import time; time.sleep(600)"


@pytest.fixture
def module(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that was started in the folder as `python -m gradnoise.training`."""
    (tmp_path / "gradnoise").mkdir()
    (tmp_path / "gradnoise/training.py").write_text(SLEEP)
    command = [sys.executable, "-m", "gradnoise.training", "--settings", "{}"]
    process = subprocess.Popen(command, cwd=tmp_path, env={"PYTHONPATH": ""})
    yield process
    process.kill()
    process.wait()


def test_options_of_its_own_stand_before_the_files(monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        commands.append(command[3:])
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(resume, "living", lambda *_: iter(()))
    monkeypatch.setattr(subprocess, "run", run)
    assert resume.main(["--cores", "3", "--", "results/claims.csv"]) == 0
    assert commands == [
        ["--unlock", "--cores", "3", "--", "results/claims.csv"],
        ["--rerun-incomplete", "--cores", "3", "--", "results/claims.csv"],
    ]


def test_where_the_lock_stays_nothing_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    statuses = iter([7, 0])
    monkeypatch.setattr(resume, "living", lambda *_: iter(()))
    monkeypatch.setattr(
        subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], next(statuses))
    )
    assert resume.main([]) == 7
    assert next(statuses) == 0


def test_jobs_of_this_folder_are_waited_for_and_no_others(
    tmp_path: Path, module: subprocess.Popen[bytes]
) -> None:
    assert [each.pid for each in resume.living(tmp_path, "gradnoise")] == [module.pid]
    assert not list(resume.living(tmp_path / "gradnoise", "gradnoise"))
    assert not list(resume.living(tmp_path, "snakemake"))

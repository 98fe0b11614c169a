"""Configs name files relative to the project; one small experiment is run once for all who look at it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import example_project
from example_config import ROOT


@pytest.fixture(autouse=True)
def in_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with the small experiment done."""
    folder = tmp_path_factory.mktemp("project")
    example_project.create(folder)
    done = example_project.snakemake(folder, "--cores", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture
def restored(project: Path) -> Iterator[Path]:
    """The project; files edited by a test are put back, times included."""
    kept = {
        path: (path.read_bytes(), path.stat())
        for folder in ("src", "workflow", ".")
        for path in (
            (project / folder).rglob("*") if folder != "." else (project / folder).glob("*")
        )
        if path.is_file() and "__pycache__" not in path.parts
    }
    yield project
    for path, (content, status) in kept.items():
        if path.read_bytes() != content or path.stat().st_mtime_ns != status.st_mtime_ns:
            path.write_bytes(content)
            os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))

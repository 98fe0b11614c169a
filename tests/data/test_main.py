import json
import os
import subprocess
import sys
import time
from dataclasses import asdict

import numpy as np
import pytest

from example_data import save, settings_of
from example_results import call
from gradnoise.data import catalogue
from gradnoise.data.dataset import load
from gradnoise.store import shared


def settings_json(given):
    return json.dumps(asdict(settings_of(given)))


def test_stage_publishes_the_same_bytes_again(tmp_path):
    settings = settings_json({"dataset": "logistic_regression", "synthetic": {"outputs": 3}})
    for name in ("a.h5", "b.h5"):
        command = [sys.executable, "-m", "gradnoise.data", "--settings", settings]
        subprocess.run([*command, "--output", tmp_path / name], check=True, capture_output=True)
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {
        *("a.h5", "b.h5", ".a.h5.kept", ".b.h5.kept"),
    }


def test_stage_ends_with_one_message_and_no_file(tmp_path):
    settings = settings_json({"dataset": "arrays", "path": "missing.npz"})
    command = [sys.executable, "-m", "gradnoise.data", "--settings", settings]
    run = subprocess.run(
        [*command, "--output", tmp_path / "x.h5"], capture_output=True, text=True, check=False
    )
    assert run.returncode == 1
    first, message = run.stderr.splitlines()
    assert " gradnoise.data on " in first
    assert message.startswith("error: missing.npz: found no such file; expected .npz or HDF5")
    assert [path.name for path in tmp_path.iterdir()] == [".x.h5.work"]


def test_a_second_output_takes_the_data_set_of_the_first(tmp_path, monkeypatch):
    monkeypatch.setenv(shared.VARIABLE, str(tmp_path / "cache"))
    samples = np.arange(48, dtype=np.float32).reshape(16, 3)
    given = save(tmp_path / "mine.npz", inputs=samples, targets=np.arange(16) % 2)
    arguments = "--settings", settings_json(given), "--source", "code", "--output"
    call("data", *arguments, tmp_path / "first/data.h5")
    before = time.time_ns()
    with monkeypatch.context() as patched:
        patched.setattr(catalogue, "read", lambda given: pytest.fail("prepared again"))
        call("data", *arguments, tmp_path / "second/data.h5")
        (tmp_path / "first/data.h5").unlink()  # as before a second attempt
        call("data", *arguments, tmp_path / "first/data.h5")
    first, second = (tmp_path / name / "data.h5" for name in ("first", "second"))
    assert first.read_bytes() == second.read_bytes()
    assert min(path.stat().st_mtime_ns for path in (first, second)) > before - 1e8
    assert not list(tmp_path.rglob("*.crc32c"))

    # Other samples of the same size and time under the same name are another data set.
    times = (tmp_path / "mine.npz").stat()
    save(tmp_path / "mine.npz", inputs=samples[::-1].copy(), targets=np.arange(16) % 2)
    os.utime(tmp_path / "mine.npz", ns=(times.st_atime_ns, times.st_mtime_ns))
    call("data", *arguments, tmp_path / "second/data.h5")
    assert load(second).checksum != load(first).checksum
    assert len(list((tmp_path / "cache").iterdir())) == 2

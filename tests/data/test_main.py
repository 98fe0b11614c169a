import json
import subprocess
import sys
from dataclasses import asdict

from example_data import settings_of


def settings_json(given):
    return json.dumps(asdict(settings_of(given)))


def test_stage_publishes_the_same_bytes_again(tmp_path):
    settings = settings_json({"dataset": "logistic_regression", "synthetic": {"outputs": 3}})
    for name in ("a.h5", "b.h5"):
        command = [sys.executable, "-m", "gradnoise.data", "--settings", settings]
        subprocess.run([*command, "--output", tmp_path / name], check=True, capture_output=True)
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"a.h5", "b.h5"}


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
    assert not list(tmp_path.iterdir())

import json
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from example_training import HYPERPARAMETERS
from gradnoise.data import dataset
from gradnoise.data.samples import Samples, Source
from gradnoise.geometry import critical_initialisation
from gradnoise.training.__main__ import main


@pytest.fixture
def stage_at(tmp_path):
    """Command line of a training of some seconds that writes below a given folder."""
    random = np.random.default_rng(1)
    samples = Samples(random.integers(0, 256, (256, 1, 8, 8)).astype(np.uint8), np.arange(256) % 4)
    source = Source("bars", samples, samples, "classification", ("a", "b", "c", "d"))
    dataset.write(tmp_path / "data.h5", source, "arrays")
    changes = {"epochs": 40, "augment": True, "checkpoints": [1, 39, 40], "milestones": [9]}
    model = {"name": "cnn", "arguments": {"batch_norm": True, "hidden_features": 8}}
    training = {**HYPERPARAMETERS, **changes}
    settings = {"model": model, "training": training, "seed": 3, "pretrained": None}

    def arguments(folder):
        return [
            *("--settings", json.dumps(settings), "--data", str(tmp_path / "data.h5")),
            *("--checkpoints", str(folder / "checkpoints")),
            *("--output", str(folder / "training.csv")),
        ]

    return arguments


def interrupt(arguments, state, number):
    """Start the stage, send a signal once it has completed another epoch, give status and seconds."""
    before = state.stat().st_mtime_ns if state.exists() else 0
    process = subprocess.Popen([sys.executable, "-m", "gradnoise.training", *arguments])
    while not state.exists() or state.stat().st_mtime_ns == before:
        assert process.poll() is None, "it ended before it could be interrupted"
        time.sleep(0.002)
    sent = time.monotonic()
    process.send_signal(number)
    return process.wait(60), time.monotonic() - sent


@pytest.mark.slow
def test_a_killed_training_resumes_and_ends_bit_identical(tmp_path, stage_at, monkeypatch):
    def finish(folder):
        monkeypatch.setattr(sys, "argv", ["training", *stage_at(folder)])
        main()

    whole, killed = tmp_path / "whole", tmp_path / "killed"
    state = killed / ".checkpoints.work" / "content" / "state.pt"
    assert interrupt(stage_at(killed), state, signal.SIGKILL)[0] == -signal.SIGKILL
    status, seconds = interrupt(stage_at(killed), state, signal.SIGTERM)
    assert (status, seconds < 10) == (143, True)
    assert not (killed / "checkpoints").exists()
    rows = torch.load(state, weights_only=True)["rows"]
    assert 1 < len(rows) < 41
    finish(killed)
    finish(whole)
    published = [whole / "training.csv", *(whole / "checkpoints").glob("[!.]*")]
    names = sorted(str(path.relative_to(whole)) for path in published)
    assert names == [f"checkpoints/epoch-{e}.safetensors" for e in (0, 1, 39, 40)] + [
        "training.csv"
    ]
    assert sorted(path.name for path in killed.glob("[!.]*")) == ["checkpoints", "training.csv"]
    for name in names:
        assert (killed / name).read_bytes() == (whole / name).read_bytes(), name


def test_a_network_starts_critical_and_stays_on_the_stiefel_manifold(
    tmp_path, stage_at, monkeypatch
):
    command = stage_at(tmp_path)
    settings = json.loads(command[1])
    settings["model"] = {
        "name": "mlp",
        "arguments": {"hidden_features": [12, 9], "activation": "tanh"},
        "initialisation": "orthogonal",
        "q": 0.5,
    }
    settings["training"] |= {
        "manifold": "stiefel",
        "epochs": 2,
        "checkpoints": [2],
        "augment": False,
    }
    monkeypatch.setattr(sys, "argv", ["training", "--settings", json.dumps(settings), *command[2:]])
    main()
    gain = critical_initialisation("tanh", 0.5).weight_std
    first, last = (
        load_file(tmp_path / f"checkpoints/epoch-{epoch}.safetensors") for epoch in (0, 2)
    )
    for name in ("linear1.weight", "linear2.weight", "linear3.weight"):
        for weights in (first[name], last[name]):
            values = torch.linalg.svdvals(weights)
            assert torch.allclose(values, torch.full_like(values, gain), atol=2e-6)
        assert not torch.allclose(first[name], last[name], atol=1e-3)

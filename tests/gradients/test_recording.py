"""The gradients stage: what it stores, that a kill changes nothing, and why it may store nothing."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import example_gradients
from example_gradients import SAMPLES, SETTINGS, checkpoint, dataset, publish
from gradnoise.errors import InputError
from gradnoise.gradients import recording
from gradnoise.gradients import store as gradient_store
from gradnoise.gradients.recording import record_gradients
from gradnoise.gradients.settings import Settings
from gradnoise.store.arrays import open_store
from gradnoise.store.work_area import WorkArea
from gradnoise.training.checkpoint import load_model


def test_the_store_holds_every_samples_gradient_and_their_mean(tmp_path: Path) -> None:
    store, data = publish(tmp_path, SETTINGS), dataset()
    assert store.attrs["strategy"] == "per_sample"
    assert store.attrs["sample_count"] == SAMPLES
    assert dict(store["linear1.weight"].attrs) | {"shape": None} == {
        "name": "linear1.weight",
        "shape": None,
        "size": 600,
        "kind": "weight",
        "layer": "linear1",
        "operation": "linear",
        "places": 1,
        "block": 0,
        "index": 1,
    }
    model = load_model(Settings(**SETTINGS), data, tmp_path)
    for name, parameter in model.named_parameters():
        group = store[name]
        gradient = group["gradient"]
        assert gradient.metadata.dimension_names == ("sample", "coordinate")
        assert gradient.shape == (SAMPLES, min(150, parameter.numel()))
        assert group["gradient_along_directions"].shape == (SAMPLES, 4)
        for field in ("gradient", "gradient_along_directions"):
            mean = group[field][:].mean(axis=0, dtype=np.float64)
            np.testing.assert_allclose(group[f"full_{field}"][:], mean, rtol=1e-12, atol=1e-15)
        batch = torch.from_numpy(data.train_inputs)
        loss = F.cross_entropy(model(batch), torch.from_numpy(data.train_targets))
        exact = torch.autograd.grad(loss, parameter)[0].flatten()[group["coordinate"][:]]
        np.testing.assert_allclose(group["full_gradient"][:], exact, atol=1e-7)


def test_the_gradients_of_a_dead_layer_are_stored_zeros(tmp_path: Path) -> None:
    data, settings = (
        dataset(),
        SETTINGS | {"parameters": ["linear1.weight", "linear2.weight"], "directions": 0},
    )
    model = checkpoint(tmp_path, settings, data)
    torch.nn.init.zeros_(dict(model.named_parameters())["linear2.weight"])
    with WorkArea(
        tmp_path / "gradients.zarr",
        settings,
        {gradient_store.NAME: tmp_path / "gradients.zarr"},
        kept=False,
    ) as work:
        record_gradients(work, model, Settings(**settings), data)
        work.publish()
    store = open_store(tmp_path / "gradients.zarr")
    assert not store["linear1.weight"]["gradient"][:].any()
    assert not store["linear1.weight"]["full_gradient"][:].any()
    assert store["linear2.weight"]["gradient"][:].any()


PROGRAM = """
import json, os, pathlib, sys
sys.path.insert(0, "tests")
import example_gradients
from gradnoise.gradients import store as gradient_store
written = 0
record = gradient_store.WorkArea.finish
def finish(self, part):
    global written
    record(self, part)
    written += 1
    if written == {after}:
        next(pathlib.Path(sys.argv[1]).rglob("zarr.json")).with_suffix(".partial").touch()
        os.kill(os.getpid(), 9)
gradient_store.WorkArea.finish = finish
example_gradients.publish(pathlib.Path(sys.argv[1]), json.loads(sys.argv[2]))
"""


@pytest.mark.slow
def test_a_killed_stage_goes_on_and_ends_with_the_same_bytes(tmp_path: Path) -> None:
    for folder in ("whole", "killed"):
        (tmp_path / folder).mkdir()
    publish(tmp_path / "whole", SETTINGS)
    killed = [sys.executable, "-c", PROGRAM.replace("{after}", "3"), str(tmp_path / "killed")]
    assert subprocess.run([*killed, json.dumps(SETTINGS)], check=False).returncode == -9
    work = tmp_path / "killed" / ".gradients.zarr.work"
    assert len((work / "finished").read_text().splitlines()) == 3
    begun = time.time()
    publish(tmp_path / "killed", SETTINGS)
    old = 0
    for file in sorted((tmp_path / "whole" / "gradients.zarr").rglob("*")):
        other = tmp_path / "killed" / file.relative_to(tmp_path / "whole")
        if file.is_file():
            assert file.read_bytes() == other.read_bytes(), file
            old += other.stat().st_mtime < begun
    assert old > 12  # two arrays of four parameters in three shards were not computed again
    files = [len(list((tmp_path / folder).rglob("*"))) for folder in ("whole", "killed")]
    assert files[0] == files[1]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"augment": True}, "crop and flip"),
        ({"strategy": "per_batch"}, "was asked for"),
        ({"memory": 1000}, "buffers"),
        (
            {
                "model": {"name": "cnn", "arguments": {"batch_norm": True}},
                "batch_norm_mode": "train",
            },
            "statistics of the batch",
        ),
    ],
)
def test_where_batches_must_be_computed_the_store_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], reason: str
) -> None:
    data = dataset()
    if changes.get("batch_norm_mode"):
        data.train_inputs = np.zeros((SAMPLES, 1, 28, 28), np.float32)
        data.input_shape = (1, 28, 28)
    monkeypatch.setattr(example_gradients, "dataset", lambda: data)
    store = publish(tmp_path, SETTINGS | changes)
    assert store.attrs["strategy"] == "per_batch"
    assert reason in str(store.attrs["reason"])
    assert not list(store.groups())
    if "batch_norm_mode" in changes or "augment" in changes:
        with pytest.raises(InputError, match=reason):
            publish(tmp_path, SETTINGS | changes | {"strategy": "per_sample"})


def test_dependence_is_asked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, original = [], recording.sample_dependence
    monkeypatch.setattr(
        recording, "sample_dependence", lambda *data: asked.append(data) or original(*data)
    )
    monkeypatch.setattr(
        "gradnoise.gradients.verification.dependence.sample_dependence",
        lambda *_: pytest.fail("asked again"),
    )
    publish(tmp_path, SETTINGS)
    assert len(asked) == 1

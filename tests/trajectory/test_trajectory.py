"""Replicas of SGD against torch's optimizer, and the stage that records them against theory and kills."""

import json
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from gradnoise.curvature.objective import flatten
from gradnoise.draws.batches import Draws
from gradnoise.draws.streams import Stream
from gradnoise.errors import InputError
from gradnoise.model import factory
from gradnoise.model.checkpoints import save
from gradnoise.store.work_area import WorkArea
from gradnoise.trajectory import recording, store
from gradnoise.trajectory.dynamics import Dynamics
from gradnoise.trajectory.replicas import Replicas, Step, is_batched
from gradnoise.trajectory.subspaces import MODEL
from toy_network import network

SAMPLES = 300
SETTINGS: dict[str, Any] = {
    "model": {"name": "linear", "arguments": {}},
    "loss": "mean_squared_error",
    "device": "cpu",
    "torch_threads": 1,
    "seed": 4,
    "epoch": 0,
    "parameters": ["linear1.weight"],
    "batch_norm_mode": "eval",
    "augment": False,
    "learning_rate": 0.2,
    "momentum": 0.0,
    "nesterov": False,
    "weight_decay": 0.1,
    "batch_size": 8,
    "sampling": "with_replacement",
    "burn_in": 150,
    "steps": 2500,
    "replicas": 4,
    "eigenvectors": 3,
    "random_directions": 1,
    "coordinates": 1,
    "curvature_samples": None,
    "snapshots": 20,
}

REGRESSION = {
    "samples": 500,
    "test_samples": 50,
    "features": 6,
    "outputs": 1,
    "parameters": None,
    "input_distribution": "gaussian",
    "spectrum_exponent": 1.0,
    "label_noise_distribution": "gaussian",
    "label_noise_scale": 1.0,
    "degrees_of_freedom": 3.0,
}


def dataset() -> Any:
    """Regression with label noise: exactly quadratic."""
    random = np.random.default_rng(0)
    inputs = (random.standard_normal((SAMPLES, 4)) * [1.4, 1.0, 0.7, 0.5]).astype(np.float32)
    targets = inputs.sum(axis=1, keepdims=True) + random.standard_normal((SAMPLES, 1))
    return SimpleNamespace(
        train_inputs=inputs,
        train_targets=targets.astype(np.float32),
        outputs=1,
        input_shape=(4,),
        name="toy",
        checksum="0",
        task="regression",
    )


def record(folder: Path, **changes: Any) -> Path:
    settings = {**SETTINGS, **changes}
    data = dataset()
    model = factory.build(settings["model"], data.input_shape, data.outputs, settings["seed"])
    target = folder / "trajectory.zarr"
    with WorkArea(target, settings) as work:
        recording.record_trajectory(work, model, settings, data)
        work.publish({store.NAME: target})
    return target


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> store.Recorded:
    return store.read(record(tmp_path_factory.mktemp("trajectory")), MODEL)


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("convolutional", [False, True])
def test_replicas_step_as_torch_sgd_does(convolutional: bool, nesterov: bool) -> None:
    random = torch.Generator().manual_seed(0)
    torch.manual_seed(0)
    made = (
        network()
        if convolutional
        else nn.Sequential(nn.Flatten(), nn.Linear(64, 5), nn.Tanh(), nn.Linear(5, 3))
    )
    inputs = torch.randn(4, 2, 6, 1, 8, 8, generator=random)
    targets = torch.randint(0, 3, (4, 2, 6), generator=random)
    replicas = Replicas(made, F.cross_entropy, Step(0.1, 0.8, nesterov, 0.01), 2)
    assert replicas.batched is not convolutional
    before = flatten(made)
    losses = [replicas.advance(x, y) for x, y in zip(inputs, targets, strict=True)]
    assert torch.equal(flatten(made), before)
    for replica in range(2):
        alone = network() if convolutional else made
        nn.utils.vector_to_parameters(before.clone(), alone.parameters())
        optimizer = torch.optim.SGD(
            alone.parameters(), 0.1, momentum=0.8, nesterov=nesterov, weight_decay=0.01
        )
        for step in range(4):
            optimizer.zero_grad()
            loss = F.cross_entropy(alone(inputs[step, replica]), targets[step, replica])
            loss.backward()
            optimizer.step()
            assert float(losses[step][replica]) == pytest.approx(loss.item(), rel=1e-5)
        assert torch.allclose(replicas.position[replica], flatten(alone), atol=1e-6)


def test_only_networks_of_linear_layers_are_batched() -> None:
    assert is_batched(nn.Sequential(nn.Flatten(), nn.Linear(3, 2)))
    assert not is_batched(network())
    assert not is_batched(nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3)))


def test_curvature_of_a_regression_is_exact_at_every_snapshot(
    recorded: store.Recorded,
) -> None:
    inputs = dataset().train_inputs.astype(float)
    homogeneous = np.column_stack([inputs, np.ones(SAMPLES)])
    values = np.linalg.eigvalsh(2 * homogeneous.T @ homogeneous / SAMPLES)[::-1]
    assert np.allclose(recorded.eigenvalue[:3], values[:3], rtol=1e-3)
    for snapshot in recorded.hessian:
        assert np.allclose(np.diag(snapshot)[:3], values[:3], rtol=1e-3)
        assert np.allclose(snapshot[:3, :3], np.diag(values[:3]), atol=1e-3 * values[0])
    assert recorded.attributes["converged"]
    assert recorded.kind.tolist() == ["eigenvector"] * 3 + ["random", "coordinate"]


def test_stationary_variance_is_what_curvature_and_noise_predict(
    recorded: store.Recorded,
) -> None:
    rate, decay = SETTINGS["learning_rate"], SETTINGS["weight_decay"]
    curvature = np.diag(recorded.hessian.mean(axis=0))[:3] + decay
    noise = np.diag(recorded.noise_covariance.mean(axis=0))[:3] / SETTINGS["batch_size"]
    predicted = rate * noise / (curvature * (2 - rate * curvature))
    positions = recorded.position[:, :, :3].astype(float)
    measured = ((positions - positions.mean(axis=(0, 1))) ** 2).mean(axis=(0, 1))
    correlation = 1 - rate * curvature
    effective = positions[..., 0].size * (1 - correlation**2) / (1 + correlation**2)
    # Twenty snapshots measure the mean of a noise that changes with the position.
    assert np.all(np.abs(measured / predicted - 1) < 0.08 + 3 * np.sqrt(2 / effective))


def test_velocities_are_differences_and_distances_cover_all_parameters(
    recorded: store.Recorded,
) -> None:
    steps = np.diff(recorded.position.astype(float), axis=1)
    assert np.allclose(recorded.velocity[:, 1:], steps, atol=1e-6)
    along = (recorded.position[..., :3].astype(float) ** 2).sum(axis=-1)
    assert np.all(along <= recorded.squared_distance * (1 + 1e-5))
    assert recorded.loss.shape == recorded.squared_distance.shape == (4, 2500)


def test_slices_hold_the_potential_of_the_mean_position(
    recorded: store.Recorded,
) -> None:
    distances, losses = recorded.slices["slice_distance"], recorded.slices["slice_loss"]
    curvature = [2 * np.polyfit(d, u, 2)[0] for d, u in zip(distances, losses, strict=True)]
    assert np.allclose(curvature, recorded.eigenvalue[:3] + SETTINGS["weight_decay"], rtol=2e-3)
    variances = recorded.slices["basin_variance"]
    assert np.all(np.diff(variances) <= 0)
    assert recorded.slices["basin_loss"].shape == recorded.slices["basin_distance"].shape


def test_every_replica_has_batches_of_its_own_and_repeats(tmp_path: Path) -> None:
    short = {"steps": 100, "burn_in": 0}
    one = store.read(record(tmp_path / "one", **short), MODEL)
    again = store.read(record(tmp_path / "again", **short), MODEL)
    fewer = store.read(record(tmp_path / "fewer", **short, replicas=2), MODEL)
    assert np.array_equal(one.position, again.position)
    assert not np.allclose(one.position[0], one.position[1])
    assert np.allclose(fewer.position, one.position[:2], atol=1e-5)


def test_batches_follow_the_sampling_scheme() -> None:
    settings = {**SETTINGS, "sampling": "epoch_shuffle", "batch_size": 100}
    model = factory.build(settings["model"], (4,), 1, 0)
    dynamics = Dynamics(model, settings, dataset())
    epoch = dynamics.draws[1].batches(100, 0, 3)
    assert np.array_equal(np.sort(epoch.ravel()), np.arange(SAMPLES))
    other = Draws(4, 1, "epoch_shuffle", SAMPLES, Stream.DRAWS).batches(100, 0, 3)
    assert not np.array_equal(epoch, other)


def test_divergence_is_an_error_that_names_the_step(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"not finite at step \d+, at learning rate 50"):
        record(tmp_path, learning_rate=50.0)


def test_a_batch_larger_than_the_data_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="at most the 300 training samples"):
        record(tmp_path, batch_size=301)


def test_blocks_are_even_and_snapshots_fall_on_their_ends() -> None:
    assert store.blocks(4000, 4) == (1000, 4, 1)
    assert store.blocks(5000, 2) == (834, 6, 3)
    assert store.blocks(100, 3) == (34, 3, 1)


@pytest.mark.slow
def test_a_killed_stage_goes_on_and_publishes_the_same_bits(tmp_path: Path) -> None:
    data = tmp_path / "data.h5"
    settings = {"dataset": "linear_regression", "seed": 0, "synthetic": REGRESSION}
    settings |= {"path": None, "download": False, "image_size": None, "subset": None}
    settings |= {"test_fraction": 0.2, "task": "regression"}
    command = [sys.executable, "-m", "gradnoise.data", "--settings", json.dumps(settings)]
    subprocess.run([*command, "--output", str(data)], check=True, capture_output=True)
    model = factory.build(SETTINGS["model"], (6,), 1, 4)
    save(tmp_path / "checkpoints" / "epoch-0.safetensors", model, {})
    settings = {**SETTINGS, "burn_in": 1500, "steps": 6000, "learning_rate": 0.05}
    whole = run(tmp_path, data, settings, "whole", kill=False)
    killed = run(tmp_path, data, settings, "killed", kill=True)
    for name in (MODEL, "linear1.weight"):
        one, other = store.read(whole, name), store.read(killed, name)
        for field in ("position", "velocity", "squared_distance", "hessian", "noise_covariance"):
            assert np.array_equal(getattr(one, field), getattr(other, field)), field
        assert np.array_equal(one.loss, other.loss)
        for key, values in one.slices.items():
            assert np.array_equal(values, other.slices[key]), key


def run(folder: Path, data: Path, settings: dict[str, Any], name: str, kill: bool) -> Path:
    """Run the stage as a program, killed several times at points that differ."""
    target = folder / f"{name}.zarr"
    command = [sys.executable, "-m", "gradnoise.trajectory", "--settings", json.dumps(settings)]
    command += ["--data", str(data), "--checkpoints", str(folder / "checkpoints")]
    command += ["--output", str(target)]
    work = folder / f".{name}.zarr.work" / "content"
    marks = [work / recording.DIRECTIONS, work / recording.STATE] if kill else []
    for delay, mark in enumerate(marks):
        job = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while not mark.exists() and job.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(0.3 * delay)
        job.kill()
        job.wait()
        assert not target.exists()
    subprocess.run(command, check=True, capture_output=True)
    return target

"""The stage that records replicas: against theory, and against kills."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from example_recordings import SAMPLES, SETTINGS, dataset, record
from gradnoise.errors import InputError
from gradnoise.model import factory
from gradnoise.model.checkpoints import save
from gradnoise.trajectory import recording, store
from gradnoise.trajectory.names import MODEL

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


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> store.Recorded:
    return store.read(record(tmp_path_factory.mktemp("trajectory")), MODEL)


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


def test_snapshots_are_where_one_replica_after_the_other_stands(recorded: store.Recorded) -> None:
    """Of a quadratic the gradient is its curvature times the position, but for a constant: the one at the start."""
    index = np.arange(20)
    stood = recorded.position[index % 4, 125 * (index + 1) - 1, :3].astype(float)
    rest = recorded.gradient[:, :3] - recorded.eigenvalue[:3] * stood
    assert np.ptp(rest, axis=0) == pytest.approx(np.zeros(3), abs=2e-4)
    assert np.all(np.ptp(recorded.gradient[:, :3], axis=0) > 0.1)


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


def test_velocities_are_differences_of_positions(recorded: store.Recorded) -> None:
    steps = np.diff(recorded.position.astype(float), axis=1)
    assert np.allclose(recorded.velocity[:, 1:], steps, atol=1e-6)


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


def test_divergence_is_an_error_that_names_the_step(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"not finite at step \d+, at learning rate 50"):
        record(tmp_path, learning_rate=50.0)


@pytest.mark.slow
def test_a_killed_stage_goes_on_and_publishes_the_same_bits(tmp_path: Path) -> None:
    data = tmp_path / "data.h5"
    settings = {"dataset": "linear_regression", "seed": 0, "synthetic": REGRESSION}
    settings |= {"path": None, "download": False, "image_size": None, "subset": None}
    settings |= {"test_fraction": 0.2, "standardise": True, "inputs": "auto"}
    settings |= {"task": "regression"}
    command = [sys.executable, "-m", "gradnoise.data", "--settings", json.dumps(settings)]
    subprocess.run([*command, "--output", str(data)], check=True, capture_output=True)
    model = factory.build(SETTINGS["model"], (6,), 1, 4)
    save(tmp_path / "checkpoints" / "epoch-0.safetensors", model, {})
    settings = {**SETTINGS, "burn_in": 1500, "steps": 6000, "learning_rate": 0.05}
    whole = run(tmp_path, data, settings, "whole", kill=False)
    killed = run(tmp_path, data, settings, "killed", kill=True)
    for name in (MODEL, "linear1.weight"):
        one, other = store.read(whole, name), store.read(killed, name)
        for field in ("position", "velocity", "hessian", "noise_covariance", "gradient"):
            assert np.array_equal(getattr(one, field), getattr(other, field)), field
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

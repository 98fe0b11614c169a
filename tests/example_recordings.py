"""A regression with label noise, exactly quadratic, and its trajectories as the stage records them."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from gradnoise.model import factory
from gradnoise.store.work_area import WorkArea
from gradnoise.trajectory import recording, store
from gradnoise.trajectory.settings import Settings

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


def dataset() -> Any:
    """A data set as stages see it."""
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
    """Record a trajectory with changed settings; returns its store."""
    given = {**SETTINGS, **changes}
    data = dataset()
    model = factory.build(given["model"], data.input_shape, data.outputs, given["seed"])
    target = folder / "trajectory.zarr"
    with WorkArea(target, given, {store.NAME: target}, kept=False) as work:
        recording.record_trajectory(work, model, Settings(**given), data)
        work.publish()
    return target

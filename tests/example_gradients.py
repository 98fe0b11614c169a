"""A small data set, a checkpoint on it, and what the gradients stage makes of them."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
import zarr

from gradnoise.data.dataset import Dataset
from gradnoise.gradients import store as gradient_store
from gradnoise.gradients.recording import record_gradients
from gradnoise.model import factory
from gradnoise.model.checkpoints import save
from gradnoise.store.arrays import open_store
from gradnoise.store.work_area import WorkArea
from gradnoise.training.checkpoint import load_model

SETTINGS: dict[str, Any] = {
    "model": {"name": "mlp", "arguments": {"hidden_features": [20]}},
    "loss": "cross_entropy",
    "device": "cpu",
    "torch_threads": 1,
    "seed": 4,
    "epoch": 0,
    "parameters": ["linear1.weight", "linear1.bias", "linear2.weight", "linear2.bias"],
    "coordinates": 150,
    "directions": 4,
    "memory": 1 << 18,
    "batch_norm_mode": "eval",
    "augment": False,
    "strategy": "auto",
}


SAMPLES = 700


def dataset() -> Any:
    random = np.random.default_rng(0)
    return SimpleNamespace(
        train_inputs=random.standard_normal((SAMPLES, 30)).astype(np.float32),
        train_targets=random.integers(0, 5, SAMPLES),
        outputs=5,
        input_shape=(30,),
        name="toy",
        checksum="0",
    )


def checkpoint(folder: Path, settings: dict[str, Any], data: Dataset) -> torch.nn.Module:
    model = factory.build(settings["model"], data.input_shape, data.outputs, settings["seed"])
    save(folder / "epoch-0.safetensors", model, {})
    return load_model(settings, data, folder)


def publish(folder: Path, settings: dict[str, Any]) -> zarr.Group:
    data = dataset()
    with WorkArea(folder / "gradients.zarr", settings) as work:
        record_gradients(work, checkpoint(folder, settings, data), settings, data)
        work.publish({gradient_store.NAME: folder / "gradients.zarr"})
    return open_store(folder / "gradients.zarr")

"""Per-sample gradients by definition; a small data set, a checkpoint, and what the gradients stage makes of them."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
import zarr
from torch import nn

from gradnoise.data.dataset import Dataset
from gradnoise.gradients import store as gradient_store
from gradnoise.gradients.recording import record_gradients
from gradnoise.gradients.selections import Selection, project, select
from gradnoise.gradients.settings import Settings
from gradnoise.gradients.streaming import collected_gradients
from gradnoise.model import factory
from gradnoise.model.checkpoints import save
from gradnoise.model.loss import Loss
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
        tokens=False,
        positions=(),
        input_shape=(30,),
        name="toy",
        checksum="0",
    )


def checkpoint(folder: Path, settings: dict[str, Any], data: Dataset) -> torch.nn.Module:
    model = factory.build(settings["model"], data.input_shape, data.outputs, settings["seed"])
    save(folder / "epoch-0.safetensors", model, {})
    return load_model(Settings(**settings), data, folder)


def publish(folder: Path, settings: dict[str, Any]) -> zarr.Group:
    data = dataset()
    with WorkArea(
        folder / "gradients.zarr",
        settings,
        {gradient_store.NAME: folder / "gradients.zarr"},
        kept=False,
    ) as work:
        model = checkpoint(folder, settings, data)
        record_gradients(work, model, Settings(**settings), data)
        work.publish()
    return open_store(folder / "gradients.zarr")


def by_definition(
    model: nn.Module, loss: Loss, inputs: torch.Tensor, targets: torch.Tensor
) -> dict[str, torch.Tensor]:
    """Gradients of every sample, (n, ...), by plain differentiation of one sample after the other."""
    named, rows = dict(model.named_parameters()), []
    for index in range(len(inputs)):
        single = slice(index, index + 1)
        total = loss(model(inputs[single]), targets[single])
        rows.append(torch.autograd.grad(total, list(named.values()), materialize_grads=True))
    columns = zip(*rows, strict=True)
    return {name: torch.stack(each) for name, each in zip(named, columns, strict=True)}


def assert_rows(
    found: dict[str, Any], selections: dict[str, Selection], expected: dict[str, torch.Tensor]
) -> None:
    """Rows at coordinates and along directions, to 1e-5 of the parameter's largest value."""
    assert list(found) == list(expected)
    for name, gradients in expected.items():
        largest = float(gradients.abs().max())
        for index, gradient in enumerate(gradients):
            for part, exact in zip(found[name], project(selections[name], gradient), strict=True):
                error = np.abs(np.asarray(part[index]) - exact.numpy()).max()
                assert error <= 1e-5 * largest, (name, index)


def assert_equal_to_a_loop(
    model: nn.Module,
    inputs: torch.Tensor,
    targets: torch.Tensor,
    loss: Loss = F.cross_entropy,
    coordinates: int | None = 50,
    verify: bool = True,
) -> None:
    """Streamed in chunks of four samples, against the definition; without the proof, by the fast way or wrong."""
    selections = select(dict(model.named_parameters()), coordinates, 12, 3)
    found = collected_gradients(model, loss, inputs, targets, selections, 4, verify)
    assert_rows(found, selections, by_definition(model, loss, inputs, targets))

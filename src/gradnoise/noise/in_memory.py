"""Noise of a model in hand: the steps of either way in memory."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from gradnoise.draws.pieces import cut
from gradnoise.gradients.per_sample import per_sample_gradients
from gradnoise.gradients.selections import Selection
from gradnoise.model import factory
from gradnoise.noise import gather
from gradnoise.noise.minibatches import Sampler
from gradnoise.noise.store import Measured

Samples = dict[str, dict[int, NDArray[np.float32]]]


def measured(model: nn.Module, selections: Mapping[str, Selection]) -> dict[str, Measured]:
    """What a noise store holds of every selected parameter."""
    described = {each.name: {**asdict(each), "size": each.size} for each in factory.describe(model)}
    return {
        name: Measured(each.coordinates, each.direction_count, described[name])
        for name, each in selections.items()
    }


def per_sample_arrays(sampler: Sampler) -> dict[str, dict[str, NDArray[Any]]]:
    """Per-sample gradients and their means of all selections, named as in the store of the `gradients` stage."""
    samples = len(sampler.inputs)
    arrays: dict[str, dict[str, NDArray[Any]]] = {
        name: {
            "gradient": np.empty((samples, selection.coordinates.size), np.float32),
            "gradient_along_directions": np.empty((samples, selection.direction_count), np.float32),
        }
        for name, selection in sampler.selections.items()
    }
    chunks = per_sample_gradients(
        sampler.model, sampler.loss, sampler.inputs, sampler.targets, sampler.selections
    )
    for first, last, rows in chunks:
        for name, both in rows.items():
            for array, values in zip(arrays[name].values(), both, strict=True):
                array[first:last] = values
    for each in arrays.values():
        each |= {f"full_{key}": array.mean(axis=0, dtype=np.float64) for key, array in each.items()}
    return arrays


def in_memory(sampler: Sampler, how: str, batch_sizes: Sequence[int], batches: int) -> Samples:
    """Noise at the selected coordinates: parameter name to batch size to float32 (batches, C)."""
    if how == "per_sample":
        pieces = cut(sampler.draws, batch_sizes, batches)
        plan = gather.plan(sampler.draws, pieces)
        noise = {
            name: gather.gather_noise(each["gradient"], each["full_gradient"], plan)
            for name, each in per_sample_arrays(sampler).items()
        }
        return {
            name: dict(zip(pieces.batch_sizes, each, strict=True)) for name, each in noise.items()
        }
    rows = np.empty((len(batch_sizes), batches, sampler.width), np.float32)
    full = None if sampler.size_dependent else sampler.full_gradient()
    for size, first, block in sampler.noise(batch_sizes, batches, 1, full):
        rows[size, first : first + len(block)] = block
    if full is None:
        for each in rows:
            np.subtract(each, each.mean(axis=0, dtype=np.float64), out=each, casting="same_kind")
    return {
        name: {int(size): rows[row, :, columns] for row, size in enumerate(batch_sizes)}
        for name, (columns, _) in sampler.columns.items()
    }


def fingerprint(model: nn.Module, *samples: Tensor) -> str:
    """SHA-256 of a model's parameters, buffers and mode, and of data."""
    digest = hashlib.sha256()
    for name, tensor in model.state_dict().items():
        digest.update(name.encode())
        digest.update(_bytes(tensor))
    for name, module in model.named_modules():
        digest.update(f"{name} {module!r} {module.training}".encode())
    for tensor in samples:
        digest.update(_bytes(tensor))
    return digest.hexdigest()


def _bytes(tensor: Tensor) -> bytes:
    return tensor.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().tobytes()

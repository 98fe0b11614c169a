"""Noise of a model in hand: which way to compute it, and the steps of either way in memory."""

import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from gradnoise import gather, models
from gradnoise.layout import Measured
from gradnoise.minibatches import Sampler
from gradnoise.per_sample import per_sample_gradients
from gradnoise.pieces import cut
from gradnoise.selections import Selection
from gradnoise.store import InputError

log = logging.getLogger(__name__)

STRATEGIES = ("auto", "per_sample", "per_batch")
PASSES = 3  # plain passes that per-sample gradients of the same samples cost, about

Samples = dict[str, dict[int, NDArray[np.float32]]]


def measured(model: nn.Module, selections: Mapping[str, Selection]) -> dict[str, Measured]:
    """What a noise store holds of every selected parameter."""
    described = {each.name: {**asdict(each), "size": each.size} for each in models.describe(model)}
    return {
        name: Measured(each.coordinates, each.direction_count, described[name])
        for name, each in selections.items()
    }


def choose(
    strategy: str,
    sampler: Sampler,
    why_not: str | None,
    batch_sizes: Sequence[int],
    batches: int,
    memory: int,
) -> tuple[str, str]:
    """Way to compute the noise, and the reason in a sentence.

    Args:
        strategy: what was asked for.
        sampler: model and data.
        why_not: why per-sample gradients do not exist, or None.
        batch_sizes: of the noise.
        batches: of each size.
        memory: bytes that per-sample gradients may fill.

    Raises:
        InputError: for an unknown strategy, or per-sample gradients where there are none.
    """
    if strategy not in STRATEGIES:
        raise InputError(f"strategy: found {strategy!r}; accepted: {', '.join(STRATEGIES)}")
    if sampler.augment:
        why_not = why_not or "crop and flip are drawn anew for every sample of every batch"
    if strategy == "per_sample" and why_not is not None:
        raise InputError(f"strategy: found 'per_sample', but {why_not}; accepted: 'per_batch'")
    if strategy != "auto":
        return strategy, "as asked for"
    if why_not is not None:
        return "per_batch", why_not
    samples, drawn = len(sampler.inputs), max(batch_sizes) * batches
    need = 4 * samples * sampler.width
    if need > memory:
        return "per_batch", f"per-sample gradients would take {need / 1e9:.2f} GB of memory"
    if PASSES * samples > drawn:
        return "per_batch", f"{drawn} draws from {samples} samples are few"
    return "per_sample", f"{samples} per-sample gradients serve {drawn} draws"


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

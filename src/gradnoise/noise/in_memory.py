"""Noise of a model in hand: the steps of either way in memory."""

import hashlib
import re
import zlib
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from gradnoise.draws.pieces import cut
from gradnoise.gradients.store import ParameterGradients
from gradnoise.gradients.streaming import collected_gradients
from gradnoise.model.loss import Loss
from gradnoise.noise import gather, recording
from gradnoise.noise.minibatches import GradientSampler
from gradnoise.noise.store import NAME
from gradnoise.store.work_area import WorkArea

NoiseSamples = dict[str, dict[int, NDArray[np.float32]]]


def per_sample_arrays(sampler: GradientSampler) -> dict[str, ParameterGradients]:
    """Per-sample gradients and their means of all selections, as the store of the `gradients` stage has them."""
    found = collected_gradients(
        sampler.model, sampler.loss, sampler.inputs, sampler.targets, sampler.selections
    )
    gradients = {}
    for name, parts in found.items():
        full = (part.mean(axis=0, dtype=np.float64) for part in parts)
        gradients[name] = ParameterGradients(sampler.parameters[name], *parts, *full)
    return gradients


def in_memory(
    sampler: GradientSampler, how: str, batch_sizes: Sequence[int], batches: int
) -> NoiseSamples:
    """Noise at the selected coordinates: parameter name to batch size to float32 (batches, C)."""
    way = _gathered if how == "per_sample" else _computed
    return way(sampler, batch_sizes, batches)


def _gathered(sampler: GradientSampler, batch_sizes: Sequence[int], batches: int) -> NoiseSamples:
    pieces = cut(sampler.draws, batch_sizes, batches)
    plan = gather.plan(sampler.draws, pieces)
    noise = {
        name: gather.gather_noise(each.gradient, each.full_gradient, plan)
        for name, each in per_sample_arrays(sampler).items()
    }
    return {name: dict(zip(pieces.batch_sizes, each, strict=True)) for name, each in noise.items()}


def _computed(sampler: GradientSampler, batch_sizes: Sequence[int], batches: int) -> NoiseSamples:
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


def write_store(
    output: Path,
    sampler: GradientSampler,
    attributes: Mapping[str, Any],
    batch_sizes: Sequence[int],
    batches: int,
    memory: int,
) -> None:
    """Compute and publish a store; a killed call goes on where it was.

    Args:
        output: path of the store.
        sampler: computes gradients.
        attributes: of the store, `strategy` among them.
        batch_sizes: S batch sizes.
        batches: number of batches of each.
        memory: bytes for buffers.
    """
    selected = {
        name: (zlib.crc32(each.coordinates.tobytes()), each.direction_count)
        for name, each in sampler.selections.items()
    }
    request = batch_sizes, batches, memory, attributes
    manifest = {**attributes, "memory": memory, "selected": selected}
    with WorkArea(output, manifest, {NAME: output}, kept=False) as work:
        if attributes["strategy"] == "per_sample":
            recording.record_gathered(work, per_sample_arrays(sampler), sampler.draws, *request)
        else:
            recording.record_minibatches(work, sampler, *request)
        work.publish()


def fingerprint(model: nn.Module, loss: Loss, *samples: Tensor) -> str:
    """SHA-256 of all that decides the result: parameters, buffers, mode, the code of forwards and loss, the data."""
    digest = hashlib.sha256()
    for name, tensor in model.state_dict().items():
        digest.update(name.encode())
        digest.update(_bytes(tensor))
    for name, module in model.named_modules():
        digest.update(f"{name} {module!r} {module.training}".encode())
        digest.update(_code(type(module).forward))
    digest.update(_code(loss))
    for tensor in samples:
        digest.update(_bytes(tensor))
    return digest.hexdigest()


def _code(function: Any, depth: int = 4) -> bytes:
    """What a function does: its instructions, constants, defaults and the values that it has taken in."""
    if isinstance(function, nn.Module):
        state = b"".join(map(_bytes, function.state_dict().values()))
        return repr(function).encode() + state + _code(type(function).forward)
    held: tuple[Any, ...]
    code = getattr(function, "__code__", None)
    if isinstance(function, partial):
        name, held = "", (function.func, *function.args, *sorted(function.keywords.items()))
    elif code is None:
        name, held = f"{getattr(function, '__module__', '')}.{function!r}", ()
    else:
        constants = [repr(each) for each in code.co_consts if not hasattr(each, "co_code")]
        name = repr((code.co_code, constants, code.co_names))
        cells = (cell.cell_contents for cell in function.__closure__ or ())
        held = (*cells, *(function.__defaults__ or ()))
    parts = [_value(each, depth - 1) for each in held] if depth else []
    return _without_addresses(name) + b"".join(parts)


def _value(value: Any, depth: int) -> bytes:
    if isinstance(value, Tensor):
        return _bytes(value)
    return _code(value, depth) if callable(value) else _without_addresses(repr(value))


def _without_addresses(text: str) -> bytes:
    """The same in every process."""
    return re.sub(r" at 0x[0-9a-f]+", "", text).encode()


def _bytes(tensor: Tensor) -> bytes:
    return tensor.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().tobytes()

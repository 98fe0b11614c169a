"""Noise written to a Zarr store, resumable, out of per-sample gradients or out of mini-batches."""

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gradnoise import stage
from gradnoise.draws.batches import Draws
from gradnoise.draws.pieces import cut
from gradnoise.errors import InputError
from gradnoise.gradients.columns import read_columns
from gradnoise.gradients.parameters import count_values
from gradnoise.gradients.store import ParameterGradients
from gradnoise.gradients.strategy import BLOCK, free_disk, noise_bytes
from gradnoise.noise import gather
from gradnoise.noise import store as noise_store
from gradnoise.noise.store import FIELDS, NAME
from gradnoise.store.arrays import open_unfinished, seal
from gradnoise.store.parts import WHOLE, Part
from gradnoise.store.work_area import WorkArea

if TYPE_CHECKING:
    from gradnoise.noise.minibatches import GradientSampler

log = logging.getLogger(__name__)


RAW = "gradients.zarr"  # mini-batch gradients of which no mean is known yet


def record_gathered(
    work: WorkArea,
    gradients: Mapping[str, ParameterGradients],
    draws: Draws,
    batch_sizes: Sequence[int],
    batches: int,
    memory: int,
    attributes: Mapping[str, Any],
    part: Part = WHOLE,
) -> None:
    """Write the noise of mini-batches drawn from per-sample gradients, sealed, into the work area.

    Args:
        work: a parameter is a part of it.
        gradients: per-sample gradients of every parameter, read by blocks of columns.
        draws: which samples make which batch.
        batch_sizes: S batch sizes.
        batches: number of batches of each.
        memory: bytes for buffers.
        attributes: of the store.
        part: whose blocks of columns are written, without a seal where it is not the whole.
    """
    plan = gather.plan(draws, cut(draws, batch_sizes, batches))
    parameters = {name: each.parameter for name, each in gradients.items()}
    total = count_values(parameters)
    check_disk(work.path, noise_bytes(len(batch_sizes), batches, total) // part.of)
    # A block of columns is in memory three times: its gradients, its noise, and the noise as it is encoded.
    column = 4 * (draws.sample_count + 2 * len(batch_sizes) * batches)
    columns = min(memory, BLOCK) // column
    store = _open(part.folder(work) / NAME, attributes)
    noise_store.create(store, parameters, batch_sizes, batches, batches, max(1, columns))
    before = 0  # columns of the parameters that have gone by
    for name in stage.progress(list(parameters), "noise"):
        if name not in work.finished:
            mine = partial(_is_mine, part, before, total)
            _gather(gradients[name], store[name], plan, mine)
            work.finish(name)
        before += sum(parameters[name].counts)
    if part == WHOLE:
        seal(store)


def _is_mine(part: Part, before: int, total: int, column: int) -> bool:
    return part.has(before + column, total)


def _gather(
    gradients: ParameterGradients, group: Any, plan: gather.Plan, mine: Callable[[int], bool]
) -> None:
    """Noise of one parameter, a block of columns at a time, where the first of its columns is `mine`."""
    sources = (
        (gradients.gradient, gradients.full_gradient),
        (gradients.along_directions, gradients.full_along_directions),
    )
    for (field, full_field), (source, full) in zip(FIELDS, sources, strict=True):
        noise_store.put_full_gradient(group, full_field, full)
        target = group[field.name]
        for start in range(0, full.size, target.shards[-1]):
            if not mine(start):
                continue
            block = slice(start, min(start + target.shards[-1], full.size))
            noise = gather.gather_noise(read_columns(source, block), full[block], plan)
            for size in range(len(noise)):
                target[size, :, block] = noise[size]


def record_minibatches(
    work: WorkArea,
    sampler: "GradientSampler",
    batch_sizes: Sequence[int],
    batches: int,
    memory: int,
    attributes: Mapping[str, Any],
    part: Part = WHOLE,
) -> None:
    """Write the noise of computed mini-batch gradients, sealed, into the work area.

    Where the full gradient depends on the batch size, the gradients themselves are written first and
    their mean over each size's batches is subtracted in a second pass, parameter by parameter.

    Args:
        work: a shard's worth of batches of one size is a part of it.
        sampler: computes the gradients.
        batch_sizes: S batch sizes.
        batches: number of batches of each.
        memory: bytes for buffers.
        attributes: of the store.
        part: whose blocks of batches are written, without means taken off late, and without a seal, where it is not
            the whole.
    """
    sizes, per_batch = len(batch_sizes), sampler.width
    need = noise_bytes(sizes, batches, per_batch)
    check_disk(work.path, need * (2 if sampler.size_dependent else 1) // part.of)
    rows = noise_store.rows_of_shard(per_batch, sizes, batches, memory)
    folder = part.folder(work)
    store = _open(folder / NAME, attributes)
    request = batch_sizes, batches, rows, part
    noise_store.create(store, sampler.parameters, *request[:3])
    if not sampler.size_dependent:
        full = _full_gradient(work, store, sampler)
        _write_blocks(work, store, sampler, *request, full)
    else:
        raw = _open(folder / RAW, {})
        noise_store.create(raw, sampler.parameters, *request[:3])
        _write_blocks(work, raw, sampler, *request, None)
    if part == WHOLE:
        complete(work)


def complete(work: WorkArea) -> None:
    """Take the means off where they are known late, and seal a store that has all its blocks in the work area."""
    store = open_unfinished(work.path / NAME)
    if (work.path / RAW).exists():
        raw = open_unfinished(work.path / RAW)
        for name in stage.progress(sorted(raw.group_keys()), "minus the mean"):
            if f"centred {name}" not in work.finished:
                _centre(raw[name], store[name])
                work.finish(f"centred {name}")
    seal(store)


def check_disk(work: Path, need: int) -> None:
    """Log the bytes that the noise will take beside what is free.

    Raises:
        InputError: where they do not fit.
    """
    free = free_disk(work)
    log.info("disk needed: %.2f GB, free: %.2f GB", need / 1e9, free / 1e9)
    if need > free:
        raise InputError(
            f"{work}: the noise needs {need / 1e9:.2f} GB of disk, {free / 1e9:.2f} GB are free; "
            "ask for fewer coordinates, batches or batch sizes"
        )


def _open(path: Path, attributes: Mapping[str, Any]) -> Any:
    store = open_unfinished(path)
    store.attrs.update(attributes)
    return store


def _full_gradient(work: WorkArea, store: Any, sampler: "GradientSampler") -> NDArray[np.float64]:
    """Full gradient, out of the store where an earlier run computed it."""
    fields = [
        (store[name], full, columns)
        for name, both in sampler.columns.items()
        for (_, full), columns in zip(FIELDS, both, strict=True)
    ]
    if "full gradient" in work.finished:
        return np.concatenate([group[full.name][:] for group, full, _ in fields])
    row = sampler.full_gradient()
    for group, full, columns in fields:
        noise_store.put_full_gradient(group, full, row[columns])
    work.finish("full gradient")
    return row


def _write_blocks(
    work: WorkArea,
    store: Any,
    sampler: "GradientSampler",
    batch_sizes: Sequence[int],
    batches: int,
    rows: int,
    part: Part,
    full: NDArray[np.float64] | None,
) -> None:
    """Write the batches of a part that are not there yet, minus `full` where that is given."""

    def name(size: int, first: int) -> str:
        return f"batch size {batch_sizes[size]} from batch {first}"

    total = max(sampler.passed(size, batches) for size in batch_sizes)

    def left_out(size: int, first: int) -> bool:
        # Of batches that share samples' gradients a part has all that begin in its stretch of the stream.
        place = sampler.passed(batch_sizes[size], first)
        all_of_them = sampler.passed(batch_sizes[size], batches) if sampler.undivided else total
        return name(size, first) in work.finished or not part.has(place, all_of_them)

    blocks = sampler.noise(batch_sizes, batches, rows, full, left_out)
    targets = [
        (store[parameter][field.name], columns)
        for parameter, both in sampler.columns.items()
        for (field, _), columns in zip(FIELDS, both, strict=True)
    ]
    for size, first, block in blocks:
        for array, columns in targets:
            array[size, first : first + len(block)] = block[:, columns]
        work.finish(name(size, first))


def _centre(raw: Any, group: Any) -> None:
    """Subtract from every size's mini-batch gradients their mean, in float64."""
    for field, full_field in FIELDS:
        gradients, noise = raw[field.name], group[field.name]
        sizes, batches, count = gradients.shape
        blocks = [
            slice(first, first + noise.shards[1]) for first in range(0, batches, noise.shards[1])
        ]
        full = np.zeros((sizes, count))
        for size in range(sizes):
            for block in blocks:
                full[size] += gradients[size, block].sum(axis=0, dtype=np.float64)
            full[size] /= batches
            for block in blocks:
                noise[size, block] = gradients[size, block] - full[size]
        noise_store.put_full_gradient(group, full_field, full)

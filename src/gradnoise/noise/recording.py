"""Noise written to a Zarr store, resumable, out of per-sample gradients or out of mini-batches."""

import logging
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import zarr
from numpy.typing import NDArray

from gradnoise import stage
from gradnoise.draws.batches import Draws
from gradnoise.draws.pieces import cut
from gradnoise.errors import InputError
from gradnoise.noise import gather
from gradnoise.noise import store as layout
from gradnoise.noise.store import FIELDS, Measured
from gradnoise.store.arrays import open_unfinished, seal
from gradnoise.store.work_area import WorkArea

log = logging.getLogger(__name__)


NAME = "noise.zarr"  # of the store inside the work area


RAW = "gradients.zarr"  # mini-batch gradients of which no mean is known yet


SOURCES = ("gradient", "gradient_along_directions")


Row = NDArray[np.float64]


class Sampler(Protocol):
    """What computes mini-batch gradients: `gradnoise.noise.minibatches.Sampler`."""

    @property
    def size_dependent(self) -> bool:
        """Whether the full gradient is to be taken from the mini-batches of each size."""

    @property
    def columns(self) -> dict[str, tuple[slice, slice]]:
        """Where each parameter's coordinates and directions stand in a row."""

    def full_gradient(self) -> Row:
        """Mean gradient over all samples."""

    def noise(
        self,
        batch_sizes: Sequence[int],
        batches: int,
        rows: int,
        full_gradient: Row | None,
        finished: Callable[[int, int], bool],
    ) -> Iterator[tuple[int, int, NDArray[np.float32]]]:
        """Blocks of rows: position of the batch size, first batch, noise."""


def record_gathered(
    work: WorkArea,
    gradients: Mapping[str, Mapping[str, Any]] | zarr.Group,
    measured: Mapping[str, Measured],
    draws: Draws,
    batch_sizes: Sequence[int],
    batches: int,
    memory: int,
    attributes: Mapping[str, Any],
) -> None:
    """Write the noise of mini-batches drawn from per-sample gradients, sealed, into the work area.

    Args:
        work: a parameter is a part of it.
        gradients: by parameter, `gradient` (N, C), `gradient_along_directions` (N, D) and their float64
            means over the N samples, `full_...`; arrays of NumPy or Zarr, read by blocks of columns.
        measured: what is stored of each parameter.
        draws: which samples make which batch.
        batch_sizes: S batch sizes.
        batches: number of batches of each.
        memory: bytes for buffers.
        attributes: of the store.
    """
    plan = gather.plan(draws, cut(draws, batch_sizes, batches))
    check_disk(work.path, 4 * len(batch_sizes) * batches * layout.values(measured))
    columns = memory // (4 * (draws.sample_count + 2 * len(batch_sizes) * batches))
    store = _open(work.path / NAME, attributes)
    layout.create(store, measured, batch_sizes, batches, batches, max(1, columns))
    for name in stage.progress(list(measured), "noise"):
        if name in work.finished:
            continue
        group: Any = store[name]
        source: Any = gradients[name]
        for field, origin, count in zip(FIELDS, SOURCES, measured[name].counts, strict=True):
            full = np.asarray(source[f"full_{origin}"][:]) if count else np.zeros(0)
            layout.put_full_gradient(group, field, full)
            target = group[field]
            for start in range(0, count, target.shards[-1]):
                block = slice(start, min(start + target.shards[-1], count))
                noise = gather.gather_noise(source[origin][:, block], full[block], plan)
                for size in range(len(batch_sizes)):
                    target[size, :, block] = noise[size]
        work.finish(name)
    seal(store)


def record_minibatches(
    work: WorkArea,
    sampler: Sampler,
    measured: Mapping[str, Measured],
    batch_sizes: Sequence[int],
    batches: int,
    memory: int,
    attributes: Mapping[str, Any],
) -> None:
    """Write the noise of computed mini-batch gradients, sealed, into the work area.

    Where the full gradient depends on the batch size, the gradients themselves are written first and
    their mean over each size's batches is subtracted in a second pass, parameter by parameter.

    Args:
        work: a shard's worth of batches of one size is a part of it.
        sampler: computes the gradients.
        measured: what is stored of each parameter.
        batch_sizes: S batch sizes.
        batches: number of batches of each.
        memory: bytes for buffers.
        attributes: of the store.
    """
    sizes = len(batch_sizes)
    need = 4 * sizes * batches * layout.values(measured)
    check_disk(work.path, need * (2 if sampler.size_dependent else 1))
    rows = layout.rows(measured, sizes, batches, memory)
    store = _open(work.path / NAME, attributes)
    layout.create(store, measured, batch_sizes, batches, rows)
    if not sampler.size_dependent:
        full = _full_gradient(work, store, sampler)
        _write_blocks(work, store, sampler, batch_sizes, batches, rows, full)
    else:
        raw = _open(work.path / RAW, {})
        layout.create(raw, measured, batch_sizes, batches, rows)
        _write_blocks(work, raw, sampler, batch_sizes, batches, rows, None)
        for name in stage.progress(list(measured), "minus the mean"):
            if f"centred {name}" not in work.finished:
                _centre(raw[name], store[name])
                work.finish(f"centred {name}")
    seal(store)


def check_disk(work: Path, need: int) -> None:
    """Log the bytes that the noise will take beside what is free.

    Raises:
        InputError: where they do not fit.
    """
    written = sum(file.stat().st_size for file in work.rglob("*") if file.is_file())
    free = shutil.disk_usage(work).free + written
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


def _full_gradient(work: WorkArea, store: Any, sampler: Sampler) -> Row:
    """Full gradient, out of the store where an earlier run computed it."""
    fields = [
        (store[name], field, columns)
        for name, both in sampler.columns.items()
        for field, columns in zip(FIELDS, both, strict=True)
    ]
    if "full gradient" in work.finished:
        parts = [group[layout.full_name(field)][:] for group, field, _ in fields]
        return np.concatenate(parts)
    full = sampler.full_gradient()
    for group, field, columns in fields:
        layout.put_full_gradient(group, field, full[columns])
    work.finish("full gradient")
    return full


def _write_blocks(
    work: WorkArea,
    store: Any,
    sampler: Sampler,
    batch_sizes: Sequence[int],
    batches: int,
    rows: int,
    full: Row | None,
) -> None:
    def part(size: int, first: int) -> str:
        return f"batch size {batch_sizes[size]} from batch {first}"

    blocks = sampler.noise(
        batch_sizes, batches, rows, full, lambda size, first: part(size, first) in work.finished
    )
    targets = [
        (store[name][field], columns)
        for name, both in sampler.columns.items()
        for field, columns in zip(FIELDS, both, strict=True)
    ]
    for size, first, block in blocks:
        for array, columns in targets:
            array[size, first : first + len(block)] = block[:, columns]
        work.finish(part(size, first))


def _centre(raw: Any, group: Any) -> None:
    """Subtract from every size's mini-batch gradients their mean, in float64."""
    for field in FIELDS:
        gradients, noise = raw[field], group[field]
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
        layout.put_full_gradient(group, field, full)

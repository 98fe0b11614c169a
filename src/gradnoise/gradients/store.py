"""Per-sample gradients in a Zarr store: sample after sample in, blocks of coordinates out.

A shard holds some samples at all chosen coordinates of a parameter, a chunk those samples at a block of
coordinates. One shard of every parameter is in memory at a time.
"""

import logging
import math
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray

from gradnoise.gradients.per_sample import CHUNK, Arrays
from gradnoise.gradients.selections import Selection
from gradnoise.store.arrays import UNITS, create_array, put_array, seal
from gradnoise.store.work_area import WorkArea, atomic

log = logging.getLogger(__name__)


NAME = "gradients.zarr"  # of the store inside the work area


VALUES = 1 << 18  # in a chunk: 1 MiB


FIELDS = (("gradient", "coordinate"), ("gradient_along_directions", "direction"))


def values(selections: Mapping[str, Selection]) -> int:
    """Numbers stored for each sample, over all parameters."""
    return sum(sum(counts(selection)) for selection in selections.values())


def counts(selection: Selection) -> tuple[int, int]:
    """Numbers of coordinates and of directions."""
    return len(selection.coordinates), selection.direction_count


def rows_of_shard(samples: int, per_sample: int, memory: int) -> int:
    """Samples a shard: a whole number of passes, and no more than fit in a quarter of the memory.

    Args:
        samples: number of samples N.
        per_sample: numbers stored for each.
        memory: bytes for buffers. Encoding a shard needs as much again for its copies.
    """
    most = max(1, min(4096, memory // 4 // (4 * per_sample)))
    step = min(CHUNK, most)
    even = math.ceil(samples / math.ceil(samples / (most // step * step)))
    return math.ceil(even / step) * step


def create(
    store: zarr.Group,
    selections: Mapping[str, Selection],
    attributes: Mapping[str, Mapping[str, Any]],
    samples: int,
    rows: int,
) -> None:
    """Create every parameter's group and empty arrays; what a killed stage created is opened as it stands.

    Args:
        store: root group.
        selections: what is measured, by parameter name.
        attributes: JSON-serialisable, by parameter name.
        samples: number of samples N.
        rows: samples a shard.
    """
    for name, selection in selections.items():
        group = store.require_group(name)
        group.attrs.update(attributes[name])
        label = "flat index into the parameter"
        put_array(group, "coordinate", selection.coordinates, ["coordinate"], long_name=label)
        for (field, axis), count in zip(FIELDS, counts(selection), strict=True):
            if count:
                blocks = math.ceil(count / max(16, VALUES // rows))
                columns = math.ceil(count / blocks)
                create_array(
                    group,
                    field,
                    (samples, count),
                    (rows, columns),
                    (rows, blocks * columns),
                    ("sample", axis),
                    long_name="gradient of a sample's loss",
                    units=UNITS,
                )


def first_missing(work: WorkArea, samples: int, rows: int) -> int:
    """First sample of the first shard that is not finished; the number of samples when all are."""
    starts = range(0, samples, rows)
    return next((first for first in starts if _part(first) not in work.finished), samples)


def record(
    work: WorkArea,
    store: zarr.Group,
    chunks: Iterable[tuple[int, int, Mapping[str, Arrays]]],
    selections: Mapping[str, Selection],
    samples: int,
    rows: int,
) -> None:
    """Collect chunks of consecutive samples into shards and write these, with their float64 sums.

    Args:
        work: a shard is a part of it.
        store: as made by `create`.
        chunks: from `per_sample_gradients`; no chunk spans two shards.
        selections: what is measured, by parameter name.
        samples: number of samples N.
        rows: samples a shard.
    """
    buffers = {
        (name, field): np.empty((rows, count), np.float32)
        for name, selection in selections.items()
        for (field, _), count in zip(FIELDS, counts(selection), strict=True)
    }
    for first, last, gradients in chunks:
        begin = first // rows * rows
        for name, parts in gradients.items():
            for (field, _), part in zip(FIELDS, parts, strict=True):
                buffers[name, field][first - begin : last - begin] = part
        if last == min(begin + rows, samples):
            sums = []
            for (name, field), buffer in buffers.items():
                sums.append(buffer[: last - begin].sum(axis=0, dtype=np.float64))
                if buffer.shape[1]:
                    array = store[f"{name}/{field}"]
                    assert isinstance(array, zarr.Array)
                    array[begin:last] = buffer[: last - begin]
            with atomic(_sums(work, begin)) as path:
                np.save(path, np.concatenate(sums))
            work.finish(_part(begin))


def complete(
    work: WorkArea,
    store: zarr.Group,
    selections: Mapping[str, Selection],
    samples: int,
    rows: int,
) -> None:
    """Write the full gradients, the float64 means over all samples, and seal the store."""
    total: NDArray[np.float64] = sum(
        (np.load(_sums(work, first)) for first in range(0, samples, rows)), np.zeros(1)
    )
    start = 0
    for name, selection in selections.items():
        group = store.require_group(name)
        for (field, axis), count in zip(FIELDS, counts(selection), strict=True):
            if count:
                mean = total[start : start + count] / samples
                label = "mean gradient over all samples"
                put_array(group, f"full_{field}", mean, [axis], units=UNITS, long_name=label)
            start += count
    seal(store)


def free_disk(work: WorkArea) -> int:
    """Bytes free for the store, counting what it already takes."""
    written = sum(file.stat().st_size for file in work.path.rglob("*") if file.is_file())
    return shutil.disk_usage(work.path).free + written


def _part(first: int) -> str:
    return f"samples from {first}"


def _sums(work: WorkArea, first: int) -> Path:
    return work.path / "sums" / f"{first}.npy"

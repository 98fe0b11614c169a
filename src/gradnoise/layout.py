"""How noise lies in its store: groups, arrays, chunks and shards.

A shard holds whole batches, a chunk a block of their coordinates. So writing batch after batch and reading
coordinate after coordinate both go through the files in order, and neither needs more memory than a shard.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray

from gradnoise.store import create_array, put_array

UNITS = "loss per unit of the parameter"
CHUNK = 1 << 18  # values, 1 MiB
ROWS = 64  # batches a shard at most, where batches are computed one after another
FIELDS = ("noise", "noise_along_directions")
AXES = ("coordinate", "direction")


@dataclass(frozen=True, eq=False)
class Measured:
    """What is stored of one parameter.

    Attributes:
        coordinate: int64 (C,) flat indices into the parameter.
        directions: number of random directions, D.
        attributes: JSON-serialisable: `size` (the parameter's true number of scalars), `shape`, `layer`, ...
    """

    coordinate: NDArray[np.int64]
    directions: int
    attributes: Mapping[str, Any]

    @property
    def counts(self) -> tuple[int, int]:
        """Numbers of coordinates and of directions."""
        return self.coordinate.size, self.directions


def values(measured: Mapping[str, Measured]) -> int:
    """Numbers stored for each batch, over all parameters."""
    return sum(sum(each.counts) for each in measured.values())


def rows(measured: Mapping[str, Measured], sizes: int, batches: int, memory: int) -> int:
    """Batches a shard, so that one unfinished shard of every batch size fits in half of `memory` bytes."""
    fitting = memory // 2 // max(1, 4 * sizes * values(measured))
    return _even(batches, max(1, min(fitting, ROWS)))


def create(
    store: zarr.Group,
    measured: Mapping[str, Measured],
    batch_sizes: Sequence[int],
    batches: int,
    rows: int,
    columns: int | None = None,
) -> None:
    """Create every parameter's group with its labels and its empty noise.

    Args:
        store: root group; what a killed stage created before is opened as it stands.
        measured: what is stored, by parameter name.
        batch_sizes: S batch sizes.
        batches: number of batches of each.
        rows: batches a chunk and a shard.
        columns: coordinates a shard; None for all of them.
    """
    for name, each in measured.items():
        group = store.require_group(name)
        group.attrs.update(each.attributes)
        sizes = np.asarray(batch_sizes, np.int64)
        put_array(group, "batch_size", sizes, ["batch_size"], units="samples")
        put_array(
            group,
            "coordinate",
            each.coordinate,
            ["coordinate"],
            long_name="flat index into the parameter",
        )
        for field, axis, count in zip(FIELDS, AXES, each.counts, strict=True):
            shard = max(1, min(count, columns or count))
            chunk = _even(shard, max(16, CHUNK // rows))
            create_array(
                group,
                field,
                (len(batch_sizes), batches, count),
                (1, rows, chunk),
                (1, rows, -(-shard // chunk) * chunk),
                ("batch_size", "batch", axis),
                long_name="mini-batch gradient minus full gradient",
                units=UNITS,
            )


def full_name(field: str) -> str:
    """Name of the array that was subtracted from `field`."""
    return field.replace("noise", "full_gradient")


def put_full_gradient(group: zarr.Group, field: str, gradient: NDArray[np.float64]) -> None:
    """Store what was subtracted from `field`: float64 (C,), or (S, C) where it depends on the batch size."""
    names = ("batch_size", AXES[FIELDS.index(field)])[-gradient.ndim :]
    put_array(group, full_name(field), gradient, names, units=UNITS)


def _even(total: int, most: int) -> int:
    """Largest part when `total` is cut into the fewest even parts of at most `most`."""
    return math.ceil(total / math.ceil(total / most))

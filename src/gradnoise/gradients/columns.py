"""Chosen columns of stored per-sample gradients: in memory, or in a scratch file that is read some at a time. Free of torch."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.buffer.cpu import NDBuffer

TOGETHER = 64  # columns of a shard read at a time: its chunks are in memory meanwhile


class Columns(Protocol):
    """Per-sample gradients (N, C): an array, or what is read when indexed with two slices."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(samples, coordinates)."""

    def __getitem__(self, selection: Any, /) -> Any:
        """The selected block as a NumPy array."""


def read_columns(gradients: Any, positions: slice | NDArray[np.int64]) -> NDArray[np.float32]:
    """Chosen columns of per-sample gradients, (N, columns); every chunk that holds one is read once.

    Args:
        gradients: (N, C), an array or a Zarr array, of which one shard of samples is in memory at a time.
        positions: of the columns.
    """
    if not isinstance(gradients, zarr.Array):
        return np.asarray(gradients[:, positions])
    count = np.arange(gradients.shape[1])[positions].size
    found = np.empty((gradients.shape[0], count), gradients.dtype)
    for rows in _shards(gradients):
        place = NDBuffer.from_numpy_array(found[rows])  # no second copy
        gradients.get_orthogonal_selection((rows, positions), out=place)
    return found


@contextmanager
def scratch_columns(
    gradients: Any, positions: NDArray[np.int64], folder: Path
) -> Iterator[Columns]:
    """Chosen columns of a Zarr array of per-sample gradients, in a file without a name: memory holds none of them.

    Whoever reads them asks for slices, by columns or by samples. An array in memory is taken as it is.

    Args:
        gradients: (N, C), an array or a Zarr array, of which one shard of samples is in memory at a time.
        positions: of the columns.
        folder: where there is room for 4 N len(positions) bytes; made where it is missing.
    """
    if not isinstance(gradients, zarr.Array):
        yield np.asarray(gradients[:, positions])
        return
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        found = _Scratch(file.fileno(), gradients.shape[0], len(positions))
        for rows in _shards(gradients):
            for first in range(0, len(positions), TOGETHER):
                some = positions[first : first + TOGETHER]
                found.write(rows.start, first, np.asarray(gradients.oindex[rows, some]))
        yield found


def _shards(gradients: zarr.Array[Any]) -> Iterator[slice]:
    samples, rows = gradients.shape[0], (gradients.shards or gradients.chunks)[0]
    for start in range(0, samples, rows):
        yield slice(start, min(start + rows, samples))


class _Scratch:
    """Float32 (N, C) in an open file, column after column."""

    def __init__(self, file: int, samples: int, count: int) -> None:
        self.file = file
        self.shape = samples, count

    def __getitem__(self, selection: tuple[slice, slice]) -> NDArray[np.float32]:
        rows, columns = (
            range(size)[part] for size, part in zip(self.shape, selection, strict=True)
        )
        found = np.empty((len(columns), len(rows)), np.float32)
        for values, column in zip(found, columns, strict=True):
            self._whole(os.preadv, values.data.cast("B"), column, rows.start)
        return found.T

    def write(self, start: int, first: int, block: NDArray[np.float32]) -> None:
        """Put a block in its place, by its first sample and column."""
        for column, values in enumerate(np.ascontiguousarray(block.T), first):
            self._whole(os.pwritev, values.data.cast("B"), column, start)

    def _whole(self, call: Any, buffer: memoryview, column: int, start: int) -> None:
        # One call may do less than it is asked for.
        place, done = 4 * (column * self.shape[0] + start), 0
        while done < len(buffer):
            done += call(self.file, [buffer[done:]], place + done)

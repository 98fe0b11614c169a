"""The arrays of a data file, written and read a block at a time."""

import math
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradnoise.data.checksums import header
from gradnoise.data.normalisation import normalise
from gradnoise.store.variables import Variable

CHUNK = 1 << 20  # bytes read or written at a time, so that they stay in the processor's cache
WORTHWHILE = 0.75  # compressed size over plain size, at most


def write_array(file: Any, name: str, values: NDArray, variable: Variable) -> None:
    """Compressed where that pays: photographs and noise would only read more slowly."""
    rows = min(len(values), _rows(values))
    trial = values[:rows].tobytes()
    packed = len(zlib.compress(trial, 1)) < WORTHWHILE * len(trial)
    options = {"compression": "gzip", "compression_opts": 1} if packed else {}
    chunks = (rows, *values.shape[1:]) if packed else None
    label(file.create_dataset(name, data=values, chunks=chunks, **options), variable)


def label(stored: Any, variable: Variable) -> None:
    """What the array is, into its attributes."""
    stored.attrs.update({"units": variable.units, "long_name": variable.long_name})
    for axis, dimension in enumerate(variable.dimensions):
        stored.dims[axis].label = dimension


def read_inputs(stored: Any, digest: Any, mean: NDArray, deviation: NDArray) -> NDArray:
    """Inputs as models see them, their bytes entered in the digest: normalised float32, or integers as they are."""
    if stored.dtype.kind == "i":
        return read_array(stored, digest)
    result = np.empty(stored.shape, np.float32)
    digest.update(header(stored))
    rows = _rows(stored)
    for start in range(0, len(stored), rows):
        block = stored[start : start + rows]
        digest.update(block)
        normalise(block, mean, deviation, out=result[start : start + rows])
    return result


def read_array(stored: Any, digest: Any) -> NDArray:
    """An array as it is, its bytes entered in the digest."""
    result: NDArray = stored[()]
    digest.update(header(stored))
    digest.update(np.ascontiguousarray(result))
    return result


def _rows(values: Any) -> int:
    """Samples of a chunk; `values` has a `shape` and `dtype`."""
    return max(1, CHUNK // (math.prod(values.shape[1:]) * values.dtype.itemsize))

"""What holds a file of data against what was written."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from numpy.typing import NDArray


def header(values: Any) -> bytes:
    """Type and shape of an array, in memory or in a file, as the line that goes before its bytes."""
    return f"{values.dtype.str} {values.shape}\n".encode()


def checksum(arrays: Iterable[NDArray]) -> str:
    """SHA-256 of the four arrays, each behind one line of its type and shape."""
    digest = hashlib.sha256()
    for values in arrays:
        digest.update(header(values))
        digest.update(values.data)
    return digest.hexdigest()


def seal(attributes: Mapping[str, Any], parameters: NDArray | None) -> str:
    """SHA-256 of everything besides the samples."""
    everything = {**attributes, "parameters": None if parameters is None else parameters.tolist()}
    return hashlib.sha256(json.dumps(everything, sort_keys=True).encode()).hexdigest()

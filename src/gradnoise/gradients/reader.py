"""Stored per-sample gradients of one parameter, for stages that need no torch."""

from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray

from gradnoise.errors import InputError
from gradnoise.store import arrays


def open_gradients(
    path: Path, parameter: str, coordinate: NDArray[np.int64]
) -> tuple[zarr.Array[Any] | None, dict[str, Any]]:
    """Per-sample gradients of a parameter, (N, C), None where there are none; and the store's attributes.

    Raises:
        InputError: where the store is incomplete or holds other coordinates than the noise.
    """
    # A store without per-sample gradients has no parameters, either.
    root = arrays.open_store(path)
    attributes = dict(root.attrs)
    if attributes["strategy"] != "per_sample":
        return None, attributes
    gradient, stored = root.get(f"{parameter}/gradient"), root.get(f"{parameter}/coordinate")
    if not isinstance(gradient, zarr.Array) or not isinstance(stored, zarr.Array):
        raise InputError(f"{path}: found no gradients of {parameter!r}")
    if not np.array_equal(np.asarray(stored[...]), coordinate):
        raise InputError(f"{path}: found other coordinates than in the noise")
    return gradient, attributes

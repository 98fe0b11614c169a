"""Recorded trajectories brought to one shape, and their columns one after the other in memory."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradnoise.errors import refuse_masks

Floats = NDArray[np.float64]


COLUMNS = 16  # copied at a time: together a cache line of float32


def as_replicas(
    trajectory: ArrayLike, shortest: int = 8, widest: int | None = None
) -> NDArray[Any]:
    """A trajectory as (replicas, steps, columns), without a copy where it is floating point.

    Args:
        trajectory: (steps,), (steps, columns) or (replicas, steps, columns).
        shortest: fewest steps accepted.
        widest: most columns accepted; None for any number.

    Raises:
        ValueError: for another number of axes, too few steps, no columns or too many, masked values, and
            what are no real numbers.
    """
    refuse_masks("trajectory", trajectory)
    values = np.asarray(trajectory)
    if values.dtype.kind not in "fiub":
        raise ValueError(f"trajectory: found {values.dtype}; real numbers are needed")
    if not 1 <= values.ndim <= 3:
        raise ValueError(
            f"trajectory: found shape {values.shape}; (steps,), (steps, columns) or "
            "(replicas, steps, columns) is needed"
        )
    if not np.issubdtype(values.dtype, np.floating):
        values = values.astype(np.float64)
    if values.ndim == 1:
        values = values[:, None]
    if values.ndim == 2:
        values = values[None]
    replicas, steps, columns = values.shape
    if steps < shortest:
        raise ValueError(f"trajectory: found {steps} steps; at least {shortest} are needed")
    if replicas == 0 or columns == 0:
        raise ValueError(f"trajectory: found shape {values.shape}, without any values")
    if widest is not None and columns > widest:
        raise ValueError(
            f"trajectory: found {columns} columns; at most {widest} are fitted jointly"
        )
    return values


def centred_columns(values: NDArray[Any]) -> Iterator[Floats]:
    """Each column of (replicas, steps, columns) as a contiguous (replicas, steps), less its overall mean."""
    for start in range(0, values.shape[2], COLUMNS):
        block = np.array(
            values[:, :, start : start + COLUMNS].transpose(2, 0, 1), np.float64, order="C"
        )
        block -= block.mean((1, 2), keepdims=True)
        yield from block


def centred(values: NDArray[Any]) -> Floats:
    """A float64 copy of (replicas, steps, columns), each column less its overall mean."""
    copy = np.array(values, np.float64, order="C")
    copy -= copy.mean((0, 1))
    return copy

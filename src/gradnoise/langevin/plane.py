"""The probability current of a trajectory in the plane of two of its projections."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

BINS = 8
WIDTH = 2.4  # standard deviations to either side


class Current(NamedTuple):
    """Mean motion in cells of a plane.

    Attributes:
        first, second: float64 (BINS,), centres of the cells along the two directions.
        drift: float64 (BINS, BINS, 2), mean of (x(t+1) - x(t-1)) / 2 in each cell; NaN in empty ones.
        error: float64 (BINS, BINS, 2), its standard error as if steps were independent.
        predicted: float64 (BINS, BINS, 2), of a Gaussian process with these moments.
        steps: int64 (BINS, BINS), in each cell.
    """

    first: NDArray[np.float64]
    second: NDArray[np.float64]
    drift: NDArray[np.float64]
    error: NDArray[np.float64]
    predicted: NDArray[np.float64]
    steps: NDArray[np.int64]


def current(
    positions: NDArray[np.floating], area_rate: NDArray[np.float64], covariance: NDArray[np.float64]
) -> Current:
    """Mean symmetric velocity in cells of a plane; times the density it is the probability current.

    In a stationary process without currents the mean of x(t+1) - x(t-1) given x(t) is zero. In a Gaussian one it
    is -2 A S^-1 x, with the area rate A and the covariance S of the two directions (whatever the others do).

    Args:
        positions: (replicas, steps, 2).
        area_rate: float64 (2, 2), exact, per step.
        covariance: float64 (2, 2), exact.
    """
    centred = positions.astype(np.float64) - positions.mean(axis=(0, 1), dtype=np.float64)
    motion = ((centred[:, 2:] - centred[:, :-2]) / 2).reshape(-1, 2)
    now = centred[:, 1:-1].reshape(-1, 2)
    edges = now.std(axis=0)[:, None] * np.linspace(-WIDTH, WIDTH, BINS + 1)

    def cells(weights: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        return np.histogram2d(now[:, 0], now[:, 1], [edges[0], edges[1]], weights=weights)[0]

    count = cells()
    moments = [[cells(motion[:, axis] ** power) for axis in range(2)] for power in (1, 2)]
    with np.errstate(invalid="ignore", divide="ignore"):
        first, second = (np.moveaxis(np.array(each), 0, -1) / count[..., None] for each in moments)
        error = np.sqrt(np.maximum(second - first**2, 0) / count[..., None])
    centres = (edges[:, 1:] + edges[:, :-1]) / 2
    grid = np.stack(np.meshgrid(*centres, indexing="ij"), axis=-1)
    predicted = -grid @ (area_rate @ np.linalg.pinv(np.nan_to_num(covariance))).T
    return Current(centres[0], centres[1], first, error, predicted, count.astype(np.int64))

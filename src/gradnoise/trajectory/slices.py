"""The loss along lines through a point: the potential that a coordinate of a trajectory moves in."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gradnoise.curvature.objective import Objective
from gradnoise.trajectory.store import SLICE_WIDTH

# Standard deviations: the potential that the trajectory explores, in even steps ...
POTENTIAL = np.linspace(-SLICE_WIDTH, SLICE_WIDTH, 25)
# ... and further out, each distance the square root of two times the last, for the width of the basin.
_OUTWARD = 2.0 ** (np.arange(14) / 2)
BASIN = np.concatenate([-_OUTWARD[::-1], [0], _OUTWARD])


def along(
    objective: Objective, weight_decay: float, vector: Tensor, distances: Sequence[float]
) -> NDArray[np.float64]:
    """Loss with its L2 penalty at `position + s vector` for every distance s, float64.

    Args:
        objective: the loss, and the point.
        weight_decay: the penalty is weight_decay |position|^2 / 2.
        vector: float32 (P,).
        distances: s.
    """
    found = []
    for distance in distances:
        moved = objective.position + distance * vector
        penalty = weight_decay * float(moved.double().square().sum()) / 2
        found.append(replace(objective, position=moved).value() + penalty)
    return np.array(found)


def lines(
    objective: Objective,
    weight_decay: float,
    vectors: NDArray[np.float32],
    deviations: NDArray[np.float64],
    grid: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Loss along every vector, at distances that are the grid times the trajectory's standard deviation.

    Args:
        objective: the loss, and the point.
        weight_decay: coefficient of the L2 penalty.
        vectors: float32 (k, P), unit length.
        deviations: float64 (k,), standard deviations of the trajectory along them.
        grid: float64 (points,), ascending: `POTENTIAL` or `BASIN`.

    Returns:
        Distances and losses, float64 (k, points) each.
    """
    distances = deviations[:, None] * grid
    tensors = torch.from_numpy(np.ascontiguousarray(vectors)).to(objective.position.device)
    losses = [
        along(objective, weight_decay, tensor, row)
        for tensor, row in zip(tensors, distances, strict=True)
    ]
    return distances, np.array(losses).reshape(-1, len(grid))


def measure(
    objective: Objective,
    weight_decay: float,
    vectors: NDArray[np.float32],
    recorded: NDArray[np.float64],
) -> dict[str, NDArray[np.float64]]:
    """Potential along eigenvectors, and basins along the trajectory's principal directions in their span.

    Args:
        objective: the loss, at the mean position.
        weight_decay: coefficient of the L2 penalty.
        vectors: float32 (k, P), the eigenvectors.
        recorded: float64 (positions, k), all replicas along them.

    Returns:
        The arrays of `store.SLICES`, by name.
    """
    covariance = np.atleast_2d(np.cov(recorded.T))
    variances, rotation = np.linalg.eigh(covariance)
    principal = (rotation.T[::-1] @ vectors).astype(np.float32)
    # A direction along which nothing moves still has a line, of no length to speak of.
    deviations = np.sqrt(np.maximum(np.diag(covariance), 1e-30))
    spreads = np.sqrt(np.maximum(variances[::-1], 1e-30))
    slice_distance, slice_loss = lines(objective, weight_decay, vectors, deviations, POTENTIAL)
    basin_distance, basin_loss = lines(objective, weight_decay, principal, spreads, BASIN)
    return {
        "slice_distance": slice_distance,
        "slice_loss": slice_loss,
        "basin_distance": basin_distance,
        "basin_loss": basin_loss,
        "basin_variance": variances[::-1].copy(),
    }

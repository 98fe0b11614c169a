"""The loss along lines through a point: the potential that a coordinate of a trajectory moves in."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gradnoise.hessian import Objective
from gradnoise.trajectory_store import SLICE_WIDTH

POINTS = 25
REACH = 14  # distances to either side, each the square root of two times the last


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


def potentials(
    objective: Objective,
    weight_decay: float,
    vectors: NDArray[np.float32],
    deviations: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Loss on a grid of `POINTS` within `SLICE_WIDTH` standard deviations along every vector.

    Args:
        objective: the loss, and the point.
        weight_decay: coefficient of the L2 penalty.
        vectors: float32 (k, P), unit length.
        deviations: float64 (k,), standard deviations of the trajectory along them.

    Returns:
        Distances and losses, float64 (k, POINTS) each.
    """
    grid = np.linspace(-SLICE_WIDTH, SLICE_WIDTH, POINTS)
    distances = deviations[:, None] * grid
    losses = [
        along(objective, weight_decay, tensor, row)
        for tensor, row in zip(_tensors(objective, vectors), distances, strict=True)
    ]
    return distances, np.array(losses).reshape(-1, POINTS)


def basins(
    objective: Objective,
    weight_decay: float,
    vectors: NDArray[np.float32],
    deviations: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Loss at distances that grow from a standard deviation on, to either side: for the width of a basin.

    Returns:
        Distances in ascending order and losses, float64 (k, 2 REACH + 1) each.
    """
    steps = 2.0 ** (np.arange(REACH) / 2)
    grid = np.concatenate([-steps[::-1], [0], steps])
    distances = deviations[:, None] * grid
    losses = [
        along(objective, weight_decay, tensor, row)
        for tensor, row in zip(_tensors(objective, vectors), distances, strict=True)
    ]
    return distances, np.array(losses).reshape(-1, len(grid))


def _tensors(objective: Objective, vectors: NDArray[np.float32]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(vectors)).to(objective.position.device)

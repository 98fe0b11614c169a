"""Recorded trajectories of SGD on a quadratic, in the form the trajectory stage publishes."""

from typing import Any

import numpy as np

from gradnoise.trajectory.store import SLICE_WIDTH, Recorded

HESSIAN = np.diag([5.0, 2.0, 1.0, 0.5])
COMMUTING = HESSIAN / 2


def noise(commuting: bool) -> np.ndarray:
    """Covariance of a single sample's gradient."""
    if commuting:
        return COMMUTING
    factor = np.random.default_rng(0).standard_normal((4, 4))
    return factor @ factor.T + np.eye(4)


def recorded(
    learning_rate: float = 0.1,
    momentum: float = 0.0,
    commuting: bool = False,
    steps: int = 4000,
    replicas: int = 6,
    drift: float = 0.0,
    **attributes: Any,
) -> Recorded:
    """SGD with batches of 8, four eigenvectors and a random direction, burnt in."""
    covariance = noise(commuting)
    random = np.random.default_rng(1)
    factor = np.linalg.cholesky(covariance / 8)
    position = np.zeros((replicas, 4))
    velocity = np.zeros_like(position)
    path = np.empty((replicas, 500 + steps, 4))
    for step in range(500 + steps):
        gradient = position @ HESSIAN + random.standard_normal(position.shape) @ factor.T
        velocity = momentum * velocity - learning_rate * gradient
        position = position + velocity
        path[:, step] = position
    mixed = path @ np.full(4, 0.5)
    path = np.concatenate([path, mixed[..., None]], axis=2)
    path = path + drift * np.arange(path.shape[1])[:, None] / path.shape[1]
    positions, steps_taken = path[:, 500:], np.diff(path, axis=1)[:, 499:]
    wide = np.eye(5)
    hessian, spread = 0.5 * wide, 0.5 * wide
    hessian[:4, :4], spread[:4, :4] = HESSIAN, covariance
    deviations = positions[0, :, :4].std(axis=0)
    distances = deviations[:, None] * np.linspace(-SLICE_WIDTH, SLICE_WIDTH, 37)
    losses = 0.3 + np.diag(HESSIAN)[:, None] * distances**2 / 2
    reach = deviations[:, None] * np.concatenate(
        [-(2.0 ** np.arange(9)[::-1]), [0], 2.0 ** np.arange(9)]
    )
    return Recorded(
        position=positions.astype(np.float32),
        velocity=steps_taken.astype(np.float32),
        kind=np.array(["eigenvector"] * 4 + ["random"]),
        eigenvalue=np.array([*np.diag(HESSIAN), np.nan]),
        hessian=np.repeat(hessian[None], 2, axis=0),
        noise_covariance=np.repeat(spread[None], 2, axis=0),
        gradient=np.zeros((2, 5)),
        noise_third_moment=np.zeros((2, 5)),
        slices={
            "slice_distance": distances,
            "slice_loss": losses,
            "basin_distance": reach,
            "basin_loss": 0.3 + np.diag(HESSIAN)[:, None] * reach**2 / 2,
            "basin_variance": deviations**2,
        },
        batch_sharpness=np.full((2, 3), 4.0),
        attributes={
            "learning_rate": learning_rate,
            "momentum": momentum,
            "nesterov": False,
            "weight_decay": 0.0,
            "batch_size": 8,
            "sampling": "with_replacement",
            "sample_count": 1000,
            "burn_in": 500,
            "steps": steps,
            "replicas": replicas,
            "converged": True,
            **attributes,
        },
    )

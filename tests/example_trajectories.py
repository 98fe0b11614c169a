"""Recorded trajectories of SGD on a quadratic, in the form the trajectory stage publishes."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from gradnoise.langevin.analysis import analyse
from gradnoise.langevin.results import Analysis, write
from gradnoise.langevin.settings import Settings
from gradnoise.trajectory.names import MODEL
from gradnoise.trajectory.store import SLICE_WIDTH, Recorded

SETTINGS = Settings(subspace=MODEL, seed=1, lags=60, residual_lags=20, surrogates=40)
# Circulating, with momentum, commuting with tiny steps, and drifting.
VARIANTS: dict[str, dict[str, Any]] = {
    "plain": {"steps": 20000},
    "momentum": {"momentum": 0.9, "learning_rate": 0.02},
    "isotropic": {"commuting": True, "learning_rate": 0.015, "steps": 40000},
    "moving": {"drift": 3.0},
}
# As the tables stage is told of them.
FOLLOWED = {"followed": [1], "last_epoch": 4, "variants": list(VARIANTS), "subspaces": [MODEL]}

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
            "snapshots": 2,
            "converged": True,
            **attributes,
        },
    )


@cache
def analysed(variant: str) -> Analysis:
    """What the stage makes of one of VARIANTS."""
    return analyse(recorded(**VARIANTS[variant]), SETTINGS)


def eigenvectors(variant: str) -> dict[str, np.ndarray]:
    """Columns of its eigenvectors' rows."""
    rows = analysed(variant).directions
    return {name: values[rows["kind"] == b"eigenvector"] for name, values in rows.items()}


def write_results(folder: Path) -> None:
    """Files of all variants, where the workflow puts those of the run "toy"."""
    for variant, changes in VARIANTS.items():
        attributes = recorded(**{**changes, "steps": 100}).attributes
        path = folder / "toy/seed-1/epoch-4/langevin" / variant / f"{MODEL}.h5"
        write(path, analysed(variant), attributes)

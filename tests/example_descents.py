"""SGD simulated on quadratics of known curvature and noise."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

Floats = NDArray[np.float64]

# Two modes, and noise that couples them.
HESSIAN = np.diag([1.0, 0.2])
NOISE = np.array([[1, 0.6], [0.6, 1]])
LEARNING_RATE = 0.1


def heavy_ball(
    steps: int, columns: int, relaxation: float, momentum: float = 0.0, seed: int = 0
) -> Floats:
    """Independent columns of a quadratic with unit noise variance in x, eta h = `relaxation`."""
    noise = np.random.default_rng(seed).standard_normal((steps + 3000, columns))
    return lfilter([1], [1, relaxation - 1 - momentum, momentum], noise, axis=0)[3000:]


def joint_descent(
    steps: int, replicas: int, momentum: float, noise: Floats, seed: int = 0
) -> Floats:
    """SGD on the quadratic of HESSIAN: (replicas, steps, 2)."""
    draws = np.random.default_rng(seed).standard_normal((steps + 1000, replicas, 2))
    draws = draws @ (LEARNING_RATE * np.linalg.cholesky(noise).T)
    path = [
        lfilter([1], [1, LEARNING_RATE * h - 1 - momentum, momentum], draws[..., i], axis=0)
        for i, h in enumerate(HESSIAN.diagonal())
    ]
    return np.stack(path, -1)[1000:].transpose(1, 0, 2)


def spread(estimate: Floats, error: Floats, truth: float) -> float:
    """Root mean square of an estimate's deviations, in its errors: 1 where these are right."""
    return float(np.sqrt(np.mean(((estimate - truth) / error) ** 2)))


def random_system(size: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A Hessian and a noise covariance that do not commute."""
    random = np.random.default_rng(seed)
    rotation, _ = np.linalg.qr(random.standard_normal((size, size)))
    factor = random.standard_normal((size, size))
    hessian = rotation @ np.diag(np.geomspace(0.1, 1.5, size)) @ rotation.T
    return hessian, factor @ factor.T / size + 0.1 * np.eye(size)


def simulate(
    hessian: Any, noise: Any, rate: float, momentum: float, nesterov: bool = False, **size: int
) -> np.ndarray:
    """Independent stationary chains (steps, chains, d), by definition of torch.optim.SGD."""
    steps, chains, warm = size.get("steps", 40), size.get("chains", 20000), size.get("warm", 400)
    hessian, noise = np.atleast_2d(hessian), np.atleast_2d(noise)
    random = np.random.default_rng(7)
    factor = np.linalg.cholesky(noise)
    position = np.zeros((chains, len(hessian)))
    buffer = np.zeros_like(position)
    kept = []
    for step in range(warm + steps):
        gradient = position @ hessian + random.standard_normal(position.shape) @ factor.T
        buffer = momentum * buffer + gradient
        position = position - rate * (gradient + momentum * buffer if nesterov else buffer)
        if step >= warm:
            kept.append(position)
    return np.array(kept)

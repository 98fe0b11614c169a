"""The null of a current: trajectories of the same length on a quadratic whose noise and Hessian commute."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gradnoise.draws.streams import Stream, generator
from gradnoise.langevin.estimation.currents import estimate_entropy_production
from gradnoise.langevin.predictions import StepRule

COUNT = 39  # so that the largest of them is a 97.5 % quantile


def commuting_trajectory(
    curvatures: NDArray[np.float64],
    noise: NDArray[np.float64],
    rule: StepRule,
    shape: tuple[int, int],
    random: np.random.Generator,
) -> NDArray[np.float64]:
    """Stationary heavy-ball SGD, each direction alone, (replicas, steps, k).

    Args:
        curvatures: (k,), eta h within the stability limit.
        noise: (k,), variances of the mini-batch gradient.
        rule: learning rate and momentum (heavy ball's, for Nesterov's too).
        shape: replicas and steps.
        random: source of the Gaussian noise.
    """
    replicas, steps = shape
    momentum, rate = rule.momentum, rule.learning_rate
    slowest = rate * curvatures.min() / (1 - momentum)
    # From rest, ten relaxation times until all is stationary, or ten recordings where that is shorter.
    warm = int(min(10 / max(slowest, 1e-4), 10 * steps))
    found = np.empty((replicas, steps, len(curvatures)))
    for index, (curvature, variance) in enumerate(zip(curvatures, noise, strict=True)):
        innovations = rate * np.sqrt(variance) * random.standard_normal((replicas, warm + steps))
        _accumulate(innovations, 1 + momentum - rate * curvature, -momentum)
        found[..., index] = innovations[:, warm:]
    return found


@njit(cache=True, nogil=True)
def _accumulate(rows: NDArray[np.float64], first: float, second: float) -> None:
    """Turn innovations (replicas, steps) into x_k = first x_{k-1} + second x_{k-2} + innovation, in place."""
    for row in rows:
        last, before = 0.0, 0.0
        for step in range(row.size):
            now = first * last + second * before + row[step]
            row[step] = now
            before, last = last, now


def entropy_production_null(
    curvatures: NDArray[np.float64],
    noise: NDArray[np.float64],
    rule: StepRule,
    shape: tuple[int, int],
    seed: int,
    name: str,
) -> NDArray[np.float64]:
    """Entropy production estimated on `COUNT` commuting surrogates, float64 (COUNT,).

    Args:
        curvatures, noise, rule, shape: as in `commuting_trajectory`.
        seed: experiment seed.
        name: of the subspace, which keys the random stream.
    """
    # All surrogates of a subspace are one stream's, one after the other.
    random = generator(seed, Stream.SURROGATES, name)
    return np.array(
        [
            estimate_entropy_production(
                commuting_trajectory(curvatures, noise, rule, shape, random), order=rule.order
            ).value
            for _ in range(COUNT)
        ]
    )


def warm() -> None:
    """Compile, or load from the cache, what makes surrogates."""
    _accumulate(np.zeros((1, 2)), 0.5, 0.0)

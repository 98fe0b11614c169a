"""The null of a current: trajectories of the same length on a quadratic whose noise and Hessian commute."""

from collections.abc import Iterator

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gradnoise.draws.streams import Stream, generator
from gradnoise.langevin.predictions import StepRule
from gradnoise.langevin.theory.stationary import lag_covariances


def commuting_trajectory(
    curvatures: NDArray[np.float64],
    noise: NDArray[np.float64],
    rule: StepRule,
    room: NDArray[np.float64],
    random: np.random.Generator,
) -> NDArray[np.float64]:
    """Stationary heavy-ball SGD, each direction alone: time could run backward as well.

    Args:
        curvatures: (k,), eta h within the stability limit.
        noise: (k,), variances of the mini-batch gradient.
        rule: learning rate and momentum (heavy ball's, for Nesterov's too).
        room: (replicas, steps, k), filled and returned.
        random: source of the Gaussian noise.
    """
    momentum, rate = rule.momentum, rule.learning_rate
    variance, lagged = np.array(
        [
            lag_covariances(h, c, rate, momentum, points=2)[:, 0, 0]
            for h, c in zip(curvatures, noise, strict=True)
        ]
    ).T
    share = lagged / variance
    random.standard_normal(out=room)
    # The first two positions are drawn from the stationary law, so that none have to be forgotten.
    room[:, 0] *= np.sqrt(variance)
    room[:, 1] = share * room[:, 0] + np.sqrt(variance * (1 - share**2)) * room[:, 1]
    _accumulate(room, 1 + momentum - rate * curvatures, -momentum, rate * np.sqrt(noise))
    return room


@njit(cache=True, nogil=True)
def _accumulate(
    room: NDArray[np.float64],
    first: NDArray[np.float64],
    second: float,
    size: NDArray[np.float64],
) -> None:
    """From the third step on, turn noise e into x_k = first x_{k-1} + second x_{k-2} + size e, in place."""
    for replica in room:
        for step in range(2, replica.shape[0]):
            now, last, before = replica[step], replica[step - 1], replica[step - 2]
            for i in range(now.size):
                now[i] = size[i] * now[i] + first[i] * last[i] + second * before[i]


def surrogates(
    curvatures: NDArray[np.float64],
    noise: NDArray[np.float64],
    rule: StepRule,
    shape: tuple[int, int],
    count: int,
    seed: int,
    name: str,
) -> Iterator[NDArray[np.float64]]:
    """Trajectories of `commuting_trajectory`, each in the room of the last one.

    Args:
        curvatures, noise, rule: as there.
        shape: replicas and steps.
        count: of trajectories.
        seed: experiment seed.
        name: of the subspace, which keys the random stream together with the rule.
    """
    # All surrogates of a subspace and rule are one stream's, one after the other.
    random = generator(seed, Stream.SURROGATES, name, str(rule))
    room = np.empty((*shape, len(curvatures)))
    for _ in range(count):
        yield commuting_trajectory(curvatures, noise, rule, room, random)


def warm() -> None:
    """Compile, or load from the cache, what makes surrogates."""
    _accumulate(np.zeros((1, 3, 1)), np.ones(1), 0.0, np.ones(1))

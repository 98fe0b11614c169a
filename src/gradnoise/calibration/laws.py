"""Noise of known distribution."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Sampler = Callable[[np.random.Generator, int, tuple[int, ...]], NDArray[np.float64]]


@dataclass(frozen=True)
class Law:
    """Noise of known distribution.

    Attributes:
        check: what the check shows, one line.
        batch_sizes: mini-batch sizes at which it is checked.
        sample: (generator, batch size, shape) to independent means over fresh mini-batches.
        cost: random numbers per value; dear laws get fewer series.
    """

    check: str
    batch_sizes: tuple[int, ...]
    sample: Sampler
    cost: int = 1


def _gaussian(
    random: np.random.Generator, batch_size: int, shape: tuple[int, ...]
) -> NDArray[np.float64]:
    return random.standard_normal(shape) / math.sqrt(batch_size)


def _exponential(
    random: np.random.Generator, batch_size: int, shape: tuple[int, ...]
) -> NDArray[np.float64]:
    # The mean of B exponential variables is a gamma variable of shape B, divided by B.
    return random.standard_gamma(batch_size, shape) / batch_size - 1


def _student_t(
    random: np.random.Generator, batch_size: int, shape: tuple[int, ...]
) -> NDArray[np.float64]:
    # Every batch averages fresh draws: resampled from finitely many, the variance would be finite and the
    # means would become Gaussian.
    total = np.zeros(shape)
    for _ in range(batch_size):
        total += random.standard_t(1.5, shape)
    return total / batch_size


def _rounded(
    random: np.random.Generator, batch_size: int, shape: tuple[int, ...]
) -> NDArray[np.float64]:
    return np.round(random.standard_normal(shape) / 0.3) * 0.3 / math.sqrt(batch_size)


LAWS = {
    "gaussian": Law("Gaussian noise passes at the ceiling", (64,), _gaussian),
    "exponential": Law("skewed noise passes as its skewness allows", (16, 64, 256), _exponential),
    "student_t_1.5": Law("heavy tails are rejected", (16,), _student_t, cost=4),
    "rounded_gaussian": Law("rounding to 0.3 deviations is noticed", (64,), _rounded),
}

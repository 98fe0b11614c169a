"""Stationary laws of Langevin's equations, to which those of SGD tend for small steps."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradnoise.langevin.theory.mapping import check, diffusion, langevin_parameters
from gradnoise.langevin.theory.stationary import diagonalise

Matrix = NDArray[np.float64]


def overdamped_covariance(
    hessian: ArrayLike, noise_covariance: ArrayLike, learning_rate: float, momentum: float = 0.0
) -> Matrix:
    """Covariance (d, d) of the overdamped Langevin equation: H S + S H = eta C_B / (1 - mu), right as eta h -> 0.

    Raises:
        ValueError: where a curvature is not positive.

    >>> float(overdamped_covariance(2.0, 1.0, learning_rate=0.1)[0, 0])
    0.025
    """
    system = diagonalise(hessian, noise_covariance)
    check(learning_rate, momentum)
    h = _confining(system.curvatures)
    return system.back(learning_rate * system.noise / ((1 - momentum) * (h[:, None] + h)))


def _confining(curvatures: Matrix) -> Matrix:
    if curvatures.min() <= 0:
        raise ValueError(
            f"unstable: the smallest curvature is {curvatures.min():g}; it must be above 0"
        )
    return curvatures


def underdamped_covariance(
    hessian: ArrayLike, noise_covariance: ArrayLike, learning_rate: float, momentum: float
) -> Matrix:
    """Covariance (d, d) of the underdamped equation with the corrected mapping: 4 g D / (2 g^2 (h + h') + (h - h')^2).

    Equal to the overdamped one along eigenvectors; between them inertia decorrelates.

    Raises:
        ValueError: where a curvature is not positive.

    >>> float(underdamped_covariance(2.0, 1.0, learning_rate=0.1, momentum=0.5)[0, 0].round(12))
    0.05
    """
    system = diagonalise(hessian, noise_covariance)
    time_step, friction = langevin_parameters(learning_rate, momentum)
    h = _confining(system.curvatures)
    divisor = 2 * friction**2 * (h[:, None] + h) + (h[:, None] - h) ** 2
    return system.back(4 * friction * diffusion(system.noise, time_step) / divisor)

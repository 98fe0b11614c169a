"""SGD with momentum as a Langevin equation: time step, friction and temperature of two mappings.

m x'' = -gamma x' - grad U(x) + zeta(t) with m = 1 and <zeta_i(t) zeta_j(t')> = 2 D_ij delta(t - t'), of which one step
of heavy-ball SGD, v' = mu v - eta g_B, x' = x + v', is a discretisation (Wu et al., arXiv:2109.09833, eq. 22-28).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray


class LangevinParameters(NamedTuple):
    """How one step of SGD reads as Langevin dynamics with unit mass.

    Attributes:
        time_step: dt, Langevin time a step.
        friction: gamma, per unit of Langevin time.
    """

    time_step: float
    friction: float


def langevin_parameters(learning_rate: float, momentum: float) -> LangevinParameters:
    """The corrected mapping: friction by a central difference, so that energy is equally shared.

    dt^2 = 2 eta / (1 + mu), gamma = (2 / dt) (1 - mu) / (1 + mu): equal to the continuum model of Kunin et al.
    (arXiv:2107.09133), and the only one of the two in which position and velocity have one temperature.

    Args:
        learning_rate: eta.
        momentum: mu, heavy ball's.

    Raises:
        ValueError: for a learning rate that is not positive, or a momentum outside [0, 1).

    >>> time_step, friction = langevin_parameters(learning_rate=0.02, momentum=0.6)
    >>> round(time_step, 6), round(friction, 6)
    (0.158114, 3.162278)
    """
    check(learning_rate, momentum)
    time_step = float(np.sqrt(2 * learning_rate / (1 + momentum)))
    return LangevinParameters(time_step, 2 / time_step * (1 - momentum) / (1 + momentum))


def paper_parameters(learning_rate: float, momentum: float) -> LangevinParameters:
    """The published mapping (arXiv:2109.09833, eq. 27): dt = sqrt(eta), gamma = (1 - mu) / sqrt(eta).

    Its backward difference gives the right temperature of positions and a kinetic one that is too high by
    2 / (1 + mu), for small steps.

    Raises:
        ValueError: as `langevin_parameters`.

    >>> time_step, friction = paper_parameters(learning_rate=0.04, momentum=0.9)
    >>> round(time_step, 6), round(friction, 6)
    (0.2, 0.5)
    """
    check(learning_rate, momentum)
    time_step = float(np.sqrt(learning_rate))
    return LangevinParameters(time_step, (1 - momentum) / time_step)


def diffusion(noise_covariance: ArrayLike, time_step: float) -> NDArray[np.float64]:
    """D = dt C_B / 2, from the mean of the noise over a step (arXiv:2109.09833, eq. 23 and 64).

    Args:
        noise_covariance: scalar or (d, d), of the mini-batch gradient.
        time_step: dt of a mapping.
    """
    return np.asarray(time_step * np.asarray(noise_covariance, np.float64) / 2)


def temperature(
    noise_covariance: ArrayLike, learning_rate: float, momentum: float = 0.0
) -> NDArray[np.float64]:
    """Temperature of positions, eta C_B / (2 (1 - mu)), in units of the loss; a matrix unless C_B ~ 1.

    Both mappings agree on it. In the limit of small steps h Var(x) equals it along an eigenvector of curvature h;
    so for C_B = s^2 H the variance along every direction is this of s^2 (Proposition 2 of arXiv:2109.09833).

    Args:
        noise_covariance: scalar or (d, d), of the mini-batch gradient.
        learning_rate: eta.
        momentum: mu.

    Raises:
        ValueError: as `langevin_parameters`.

    >>> float(temperature(0.5, learning_rate=0.1, momentum=0.5))
    0.05
    """
    check(learning_rate, momentum)
    noise = np.asarray(noise_covariance, np.float64)
    return np.asarray(learning_rate * noise / (2 * (1 - momentum)))


def check(learning_rate: float, momentum: float) -> None:
    """Refuse steps that are none.

    Raises:
        ValueError: for a learning rate that is not positive, or a momentum outside [0, 1).
    """
    if not learning_rate > 0:
        raise ValueError(f"learning_rate: found {learning_rate:g}; it must be positive")
    if not 0 <= momentum < 1:
        raise ValueError(f"momentum: found {momentum:g}; accepted: 0 to below 1")

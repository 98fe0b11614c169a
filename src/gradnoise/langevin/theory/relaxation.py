"""How SGD forgets on a quadratic, along one eigenvector: exact autocorrelations, oscillation, displacement."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradnoise.langevin.theory.mapping import check
from gradnoise.langevin.theory.stationary import require_stable


class Oscillation(NamedTuple):
    """Roots of x_{k+1} = (1 + mu - eta h) x_k - mu x_{k-1}, and of its continuum.

    Attributes:
        oscillates: whether the roots are complex: (1 - sqrt mu)^2 < eta h < (1 + sqrt mu)^2.
        frequency: radians per step; 0 where it does not oscillate.
        decay: of the slowest amplitude, per step.
        continuum_frequency: of the underdamped equation in the corrected mapping; 0 where overdamped.
        continuum_decay: likewise, of the slowest amplitude.
    """

    oscillates: bool
    frequency: float
    decay: float
    continuum_frequency: float
    continuum_decay: float


def oscillation(curvature: float, learning_rate: float, momentum: float) -> Oscillation:
    """Frequency and decay of heavy-ball SGD along an eigenvector; the continuum is Kunin et al.'s (arXiv:2107.09133).

    Raises:
        ValueError: where the step is unstable.
    """
    require_stable(np.array([curvature]), learning_rate, momentum)
    step = learning_rate * curvature
    roots = np.roots([1, -(1 + momentum - step), momentum])
    oscillates = bool((1 - np.sqrt(momentum)) ** 2 < step < (1 + np.sqrt(momentum)) ** 2)
    friction = (1 - momentum) / (1 + momentum)
    square = 2 * step / (1 + momentum) - friction**2
    slowest = friction - np.sqrt(max(-square, 0.0))
    return Oscillation(
        oscillates,
        float(abs(np.angle(roots[0]))) if oscillates else 0.0,
        float(-np.log(np.abs(roots).max())) if np.abs(roots).max() > 0 else np.inf,
        float(np.sqrt(max(square, 0.0))),
        float(slowest),
    )


def autocorrelation(
    curvature: float, learning_rate: float, momentum: float, lags: ArrayLike
) -> NDArray[np.float64]:
    """Exact autocorrelation of heavy-ball SGD along an eigenvector, float64 in the shape of `lags`.

    rho_1 = (1 + mu - eta h) / (1 + mu), and the recursion of the dynamics from there.

    Raises:
        ValueError: where the step is unstable.
    """
    require_stable(np.array([curvature]), learning_rate, momentum)
    wanted = np.asarray(lags, np.int64)
    drift = 1 + momentum - learning_rate * curvature
    found = np.empty(max(int(wanted.max(initial=1)), 1) + 1)
    found[0], found[1] = 1.0, drift / (1 + momentum)
    for lag in range(2, len(found)):
        found[lag] = drift * found[lag - 1] - momentum * found[lag - 2]
    return found[wanted]


def autocorrelation_time(curvature: float, learning_rate: float, momentum: float = 0.0) -> float:
    """1 + 2 sum rho_k = (1 - mu)(2 (1 + mu) - eta h) / (eta h (1 + mu)), steps.

    Raises:
        ValueError: where the step is unstable.
    """
    require_stable(np.array([curvature]), learning_rate, momentum)
    check(learning_rate, momentum)
    step = learning_rate * curvature
    return (1 - momentum) * (2 * (1 + momentum) - step) / (step * (1 + momentum))


def mean_squared_displacement(
    variances: ArrayLike, autocorrelations: ArrayLike
) -> NDArray[np.float64]:
    """Sum over directions of 2 Sigma_i (1 - rho_i(t)), of a stationary process.

    Args:
        variances: (d,).
        autocorrelations: (d, lags).

    Returns:
        float64 (lags,).
    """
    left = 1 - np.atleast_2d(np.asarray(autocorrelations, np.float64))
    return np.asarray(2 * np.asarray(variances, np.float64) @ left)

"""Circulation and irreversibility of SGD's stationary law on a quadratic, exact for finite steps."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import solve

from gradnoise.langevin.theory.stationary import (
    diagonalise,
    lagged_covariance,
    stationary_covariance,
)

Matrix = NDArray[np.float64]


def area_rate(
    hessian: ArrayLike, noise_covariance: ArrayLike, learning_rate: float, momentum: float = 0.0
) -> Matrix:
    """Rate E[x_i(t) x_j(t+1) - x_j(t) x_i(t+1)] / 2 at which each pair of coordinates sweeps area, per step.

    eta (h_i - h_j) Sigma_ij / (2 (1 - mu)) in the eigenbasis of the Hessian: zero exactly where noise and Hessian
    commute, that is (for Gaussian noise) in detailed balance.

    Args:
        hessian: scalar or (d, d).
        noise_covariance: scalar or (d, d), of the mini-batch gradient.
        learning_rate: eta.
        momentum: mu, heavy ball's.

    Returns:
        Antisymmetric float64 (d, d), in the squared unit of the coordinates.

    Raises:
        ValueError: where a step is unstable.

    Source: Ghanta, Neu and Teitsworth, Phys. Rev. E 95 (2017) 032128, for the area; its discrete rate from the
    lag-one covariance of the exact stationary law.

    >>> area_rate([[1.0, 0.0], [0.0, 0.2]], [[1.0, 0.6], [0.6, 1.0]], learning_rate=0.1).round(6)
    array([[ 0.      ,  0.002034],
           [-0.002034,  0.      ]])
    """
    lagged = lagged_covariance(hessian, noise_covariance, learning_rate, momentum)
    return (lagged.T - lagged) / 2


def entropy_production_rate(
    hessian: ArrayLike, noise_covariance: ArrayLike, learning_rate: float, momentum: float = 0.0
) -> float:
    """Entropy produced per step, nats: relative entropy of a stretch of the trajectory to its reverse.

    KL_m = (tr((K_m^R)^-1 K_m) - m d) / 2 with K_m the covariance of m successive points. Plain SGD is Markovian in
    the position, where the rate is KL_2; with momentum the position is of second order, and it is KL_3 - KL_2.

    Args:
        hessian, noise_covariance, learning_rate, momentum: as in `area_rate`.

    Raises:
        ValueError: where a step is unstable, or the noise has no component along some direction.

    Source: Roldan and Parrondo, Phys. Rev. Lett. 105 (2010) 150607, for the rate from relative entropies.

    >>> noise = [[1.0, 0.6], [0.6, 1.0]]
    >>> round(entropy_production_rate([[1.0, 0.0], [0.0, 0.2]], noise, learning_rate=0.1), 5)
    0.03051
    """
    system = diagonalise(hessian, noise_covariance)
    spread = np.linalg.eigvalsh(system.noise)
    if spread[0] <= 1e-12 * spread[-1]:
        raise ValueError("noise_covariance: it must be positive definite")
    h = np.diag(system.curvatures)
    arguments = h, system.noise, learning_rate, momentum
    now, lagged = stationary_covariance(*arguments), lagged_covariance(*arguments)
    # A relative entropy has no units: correlations instead of covariances, which are far from singular.
    scale = 1 / np.sqrt(np.diag(now))
    drift = (1 + momentum) * np.eye(len(h)) - learning_rate * h
    # Lag two, by the recursion that the positions obey.
    further = drift @ lagged - momentum * now
    lags = [each * np.outer(scale, scale) for each in (now, lagged, further)]
    if momentum == 0:
        return _divergence(lags[:2])
    return _divergence(lags) - _divergence(lags[:2])


def _divergence(lags: list[Matrix]) -> float:
    """KL of m successive points from their reverse, from covariances E x(t + k) x(t)^T at lags 0 to m - 1."""
    m, d = len(lags), len(lags[0])

    def block(difference: int) -> Matrix:
        return lags[difference] if difference >= 0 else lags[-difference].T

    forward = np.block([[block(s - t) for t in range(m)] for s in range(m)])
    reverse = np.block([[block(t - s) for t in range(m)] for s in range(m)])
    ratio = solve(reverse, forward, assume_a="pos")
    return float((np.trace(ratio) - m * d) / 2)


def third_order_asymmetry(curvature: float, learning_rate: float, third_cumulant: float) -> float:
    """E[x_t^2 x_{t+1} - x_t x_{t+1}^2] of plain SGD along one eigenvector: a (1 - a) k3 / (1 - a^3), a = 1 - eta h.

    Skewed noise is irreversible though Hessian and noise commute trivially; covariances are blind to it.

    Args:
        curvature: h.
        learning_rate: eta.
        third_cumulant: k3 of the innovation -eta xi, that is -eta^3 times the mini-batch gradient's.
    """
    a = 1 - learning_rate * curvature
    return a * (1 - a) * third_cumulant / (1 - a**3)

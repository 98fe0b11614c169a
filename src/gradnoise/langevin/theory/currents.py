"""Circulation and irreversibility of SGD's stationary law on a quadratic, exact for finite steps."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import solve

from gradnoise.langevin.theory.stationary import lag_covariances, require_full_noise

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
    lagged = lag_covariances(hessian, noise_covariance, learning_rate, momentum, points=2)[1]
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
    require_full_noise(noise_covariance)
    points = 2 if momentum == 0 else 3
    lags = lag_covariances(hessian, noise_covariance, learning_rate, momentum, points)
    return entropy_production_of(lags)


def entropy_production_of(lags: Matrix) -> float:
    """The rate of `entropy_production_rate` from covariances E x(t + k) x(t)^T at lags 0 to m - 1.

    Args:
        lags: (m, d, d): m = 2 for a process of first order, 3 for one of second.
    """
    # A relative entropy has no units: correlations instead of covariances, which are far from singular.
    scale = 1 / np.sqrt(np.diag(lags[0]))
    rates = [
        _divergence(lags[:points] * np.outer(scale, scale)) for points in range(2, len(lags) + 1)
    ]
    return rates[-1] - rates[-2] if len(rates) > 1 else rates[0]


def window_covariance(lags: Matrix) -> Matrix:
    """Covariance (m d, m d) of m successive points, from covariances E x(t + k) x(t)^T (m, d, d)."""
    both = np.concatenate([lags[:0:-1].transpose(0, 2, 1), lags])
    points = np.arange(len(lags))
    blocks = both[points[:, None] - points + len(lags) - 1]
    return blocks.transpose(0, 2, 1, 3).reshape(len(lags) * lags.shape[1], -1)


def _divergence(lags: Matrix) -> float:
    """KL of m successive points from their reverse."""
    ratio = solve(
        window_covariance(lags.transpose(0, 2, 1)), window_covariance(lags), assume_a="pos"
    )
    return float((np.trace(ratio) - len(ratio)) / 2)


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

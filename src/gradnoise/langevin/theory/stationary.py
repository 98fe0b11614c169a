"""Stationary law of SGD on a quadratic, exact for finite steps."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import solve_discrete_lyapunov

from gradnoise.errors import refuse_masks
from gradnoise.langevin.theory.mapping import check

Matrix = NDArray[np.float64]


class System(NamedTuple):
    """A quadratic in the eigenbasis of its Hessian.

    Attributes:
        curvatures: (d,), ascending, weight decay included.
        basis: (d, d), eigenvectors as columns.
        noise: (d, d), covariance of the mini-batch gradient in that basis.
    """

    curvatures: Matrix
    basis: Matrix
    noise: Matrix

    def back(self, matrix: Matrix) -> Matrix:
        """A matrix of the eigenbasis in the original one."""
        return np.asarray(self.basis @ matrix @ self.basis.T)


def diagonalise(
    hessian: ArrayLike, noise_covariance: ArrayLike, weight_decay: float = 0.0
) -> System:
    """Bring Hessian and noise into the eigenbasis of the Hessian.

    Raises:
        ValueError: where they are no real symmetric matrices of one size, or the noise has negative variances.
    """
    matrices = []
    for name, given in (("hessian", hessian), ("noise_covariance", noise_covariance)):
        refuse_masks(name, given)
        if np.iscomplexobj(given):
            raise ValueError(
                f"{name}: found complex values; real ones are needed, 2d for d complex"
            )
        matrix = np.atleast_2d(np.asarray(given, np.float64))
        if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
            raise ValueError(f"{name}: found shape {np.shape(given)}; a scalar or (d, d) is needed")
        if not np.allclose(matrix, matrix.T, rtol=1e-6, atol=1e-9 * np.abs(matrix).max(initial=0)):
            raise ValueError(f"{name}: it must be symmetric")
        matrices.append((matrix + matrix.T) / 2)
    if matrices[0].shape != matrices[1].shape:
        raise ValueError(
            f"hessian, noise_covariance: found shapes {matrices[0].shape} and {matrices[1].shape}; "
            "they must be of one size"
        )
    if np.diag(matrices[1]).min() < 0:
        raise ValueError("noise_covariance: variances must not be negative")
    curvatures, basis = np.linalg.eigh(matrices[0])
    return System(curvatures + weight_decay, basis, basis.T @ matrices[1] @ basis)


def stability_limit(momentum: float = 0.0, nesterov: bool = False) -> float:
    """Largest stable learning rate times curvature (not included): 2 (1 + mu), or (2 + 2 mu) / (1 + 2 mu).

    Raises:
        ValueError: for a momentum outside [0, 1).
    """
    check(1.0, momentum)
    return (2 + 2 * momentum) / (1 + 2 * momentum) if nesterov else 2 * (1 + momentum)


def require_stable(
    curvatures: Matrix, learning_rate: float, momentum: float, nesterov: bool = False
) -> None:
    """Refuse a quadratic on which SGD has no stationary law.

    Raises:
        ValueError: names the limit, for eta h beyond it and for h <= 0.
    """
    check(learning_rate, momentum)
    limit, largest = stability_limit(momentum, nesterov), learning_rate * curvatures.max()
    if largest >= limit:
        kind = "Nesterov " if nesterov else ""
        raise ValueError(
            f"unstable: learning rate times curvature is {largest:g}; the stability limit of {kind}momentum "
            f"{momentum:g} is {limit:g}"
        )
    if curvatures.min() <= 0:
        raise ValueError(
            f"unstable: the smallest curvature is {curvatures.min():g}; the stability limit is above 0"
        )


def stationary_covariance(
    hessian: ArrayLike,
    noise_covariance: ArrayLike,
    learning_rate: float,
    momentum: float = 0.0,
    weight_decay: float = 0.0,
    nesterov: bool = False,
) -> Matrix:
    """Exact stationary covariance of SGD on a quadratic, for any step, Hessian and noise covariance.

    Closed in the eigenbasis of the Hessian for SGD and heavy ball (no commutation is needed); for Nesterov's
    momentum, as in `torch.optim.SGD`, the discrete Lyapunov equation of (x_k, x_{k-1}) is solved.

    Args:
        hessian: scalar or (d, d), without weight decay.
        noise_covariance: scalar or (d, d), of the mini-batch gradient, C_B; constant, independent steps.
        learning_rate: eta.
        momentum: mu.
        weight_decay: coefficient of the L2 penalty, added to every curvature.
        nesterov: whether the momentum is Nesterov's.

    Returns:
        float64 (d, d), also for scalars, in the squared unit of the parameters.

    Raises:
        ValueError: where a step is unstable (names the limit) or an argument is malformed.

    Source: Liu, Ziyin and Ueda (arXiv:2012.03636), whose matrix equation is solved here entry by entry in the
    eigenbasis of the Hessian.

    >>> float(stationary_covariance(1.0, 1.0, learning_rate=1.9)[0, 0].round(6))
    19.0
    """
    system = diagonalise(hessian, noise_covariance, weight_decay)
    h, rate = system.curvatures, learning_rate
    require_stable(h, rate, momentum, nesterov)
    if nesterov:
        return system.back(_nesterov(system, rate, momentum))
    # Every entry of the eigenbasis is an equation of its own: two modes mix by their sum, product and difference.
    total, difference = h[:, None] + h, h[:, None] - h
    product = np.outer(h, h)
    divisor = (1 - momentum) ** 2 * ((1 + momentum) * total - rate * product)
    divisor += rate * momentum * difference**2
    return system.back(rate * system.noise * (1 - momentum**2) / divisor)


def _nesterov(system: System, rate: float, momentum: float) -> Matrix:
    """x' = (1 + mu) a x - mu a x_prev - eta ((1 + mu) xi - mu xi_prev), a = 1 - eta H, as a Markov chain.

    The state is (x, w) with w the part of the next position that is already decided.
    """
    count = len(system.curvatures)
    shrink, one = np.diag(1 - rate * system.curvatures), np.eye(count)
    step = np.block([[(1 + momentum) * shrink, one], [-momentum * shrink, np.zeros_like(one)]])
    weights = np.concatenate([-(1 + momentum) * rate * one, momentum * rate * one])
    joint = solve_discrete_lyapunov(step, weights @ system.noise @ weights.T)
    return np.asarray(joint[:count, :count])


def phase_space_covariance(
    hessian: ArrayLike, noise_covariance: ArrayLike, learning_rate: float, momentum: float = 0.0
) -> Matrix:
    """Exact covariance (2 d, 2 d) of (x_k, v_k), v_k = x_k - x_{k-1}, of SGD or heavy ball.

    Cov(x_k, v_k) is half of Cov(v_k) on its diagonal, not 0: the midpoint of a step is what is uncorrelated with it.

    Raises:
        ValueError: as `stationary_covariance`.
    """
    system = diagonalise(hessian, noise_covariance)
    require_stable(system.curvatures, learning_rate, momentum)
    position = stationary_covariance(
        np.diag(system.curvatures), system.noise, learning_rate, momentum
    )
    lagged = _lagged(system.curvatures, position, learning_rate, momentum)
    velocity = 2 * position - lagged - lagged.T
    cross = position - lagged  # E x_k (x_k - x_{k-1})^T
    back = np.kron(np.eye(2), system.basis)
    return np.asarray(back @ np.block([[position, cross], [cross.T, velocity]]) @ back.T)


def _lagged(h: Matrix, position: Matrix, rate: float, momentum: float) -> Matrix:
    """E x_{k+1} x_k^T =: K in the eigenbasis: K = ((1 + mu) - eta H) S - mu K^T."""
    drift = (1 + momentum - rate * h)[:, None] * position
    # Solve the pair of equations for each entry and its mirror image.
    return np.asarray((drift - momentum * drift.T) / (1 - momentum**2))


def lag_covariances(
    hessian: ArrayLike,
    noise_covariance: ArrayLike,
    learning_rate: float,
    momentum: float = 0.0,
    points: int = 3,
) -> Matrix:
    """Exact E x_{k+j} x_k^T (points, d, d), j = 0, 1, ..., of SGD or heavy ball on a quadratic.

    Args:
        hessian, noise_covariance, learning_rate, momentum: as in `stationary_covariance`.
        points: number of lags, from 0 on: 2 hold the law of SGD's path, 3 that of a path with momentum.

    Returns:
        float64, in the squared unit of the parameters.

    Raises:
        ValueError: as `stationary_covariance`.

    Source: the lag-one covariance of the exact stationary law, and the recursion of the positions.

    >>> lag_covariances(1.0, 1.0, learning_rate=0.5, points=2)[:, 0, 0].round(6)
    array([0.333333, 0.166667])
    """
    system = diagonalise(hessian, noise_covariance)
    h, rate = system.curvatures, learning_rate
    lags = [stationary_covariance(np.diag(h), system.noise, rate, momentum)]
    lags.append(_lagged(h, lags[0], rate, momentum))
    # From there on, the recursion that the positions obey.
    for _ in range(2, points):
        lags.append((1 + momentum - rate * h)[:, None] * lags[-1] - momentum * lags[-2])
    return np.array([system.back(lag) for lag in lags[:points]])


def require_full_noise(noise_covariance: ArrayLike) -> None:
    """Refuse noise that leaves out a direction: what moves in it says for certain which way time runs.

    Raises:
        ValueError: for a covariance that is not positive definite.
    """
    spread = np.linalg.eigvalsh(np.atleast_2d(np.asarray(noise_covariance, np.float64)))
    if spread[0] <= 1e-12 * spread[-1]:
        raise ValueError("noise_covariance: it must be positive definite")


def velocity_covariance(
    hessian: ArrayLike, noise_covariance: ArrayLike, learning_rate: float, momentum: float = 0.0
) -> Matrix:
    """Exact covariance (d, d) of the steps x_k - x_{k-1}; 2 eta^2 c / ((1 - mu)(2 (1 + mu) - eta h)) for one mode.

    Raises:
        ValueError: as `stationary_covariance`.
    """
    joint = phase_space_covariance(hessian, noise_covariance, learning_rate, momentum)
    count = len(joint) // 2
    return joint[count:, count:]

"""A joint autoregression of several projections: the curvature matrix and the noise covariance they share."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import cho_factor, cho_solve
from scipy.special import gammaincc

from gradnoise.langevin.estimation.autoregression import check_learning_rate
from gradnoise.langevin.estimation.trajectories import Floats, as_replicas, centred

COLUMNS = 16


class VectorAutoregressionFit(NamedTuple):
    """SGD on a quadratic fitted to all columns jointly."""

    curvature: Floats  #: (d, d), the Hessian in the projections' basis; not made symmetric
    curvature_error: Floats  #: (d, d)
    momentum: Floats  #: (d, d), mu I for heavy ball; zero for order 1
    noise_covariance: Floats  #: (d, d), of the mini-batch gradient
    asymmetry: (
        float  #: Frobenius norm of the antisymmetric part of the curvature over that of the whole
    )
    asymmetry_pvalue: float  #: that sampling error alone makes it so large; 1 for d = 1


def fit_vector_autoregression(
    trajectory: ArrayLike, order: int = 1, learning_rate: float = 1.0
) -> VectorAutoregressionFit:
    """Least squares fit of x_{t+1} - x_t = -eta H x_t + M (x_t - x_{t-1}) + noise (M = 0 for order 1).

    Lütkepohl (2005), New Introduction to Multiple Time Series Analysis, section 3.2, with errors from the
    asymptotic covariance of the coefficients. A projection that closes under the dynamics has a symmetric H.

    Args:
        trajectory: (steps, d) or (replicas, steps, d), d at most 16; replicas are pooled.
        order: 1 for SGD, 2 for heavy ball.
        learning_rate: eta.

    Raises:
        ValueError: for another order, a learning rate that is not positive, more than 16 columns, steps that do
            not outnumber the coefficients, or columns that are constant or depend linearly on each other.
    """
    if order not in (1, 2):
        raise ValueError(f"order: found {order}; 1 or 2 is needed")
    check_learning_rate(learning_rate)
    regressors, responses = _regression(centred(as_replicas(trajectory, widest=COLUMNS)), order)
    d = responses.shape[1]
    inverse = _inverse(regressors.T @ regressors)
    coefficients = inverse @ (regressors.T @ responses)
    residuals = responses - regressors @ coefficients
    covariance = residuals.T @ residuals / (len(responses) - order * d - 1)
    # Coefficients are those of rows, x^T B: their transpose acts on columns.
    curvature = -coefficients[:d].T / learning_rate
    spread = inverse[:d, :d] / learning_rate**2
    asymmetry, pvalue = _asymmetry(curvature, covariance, spread)
    return VectorAutoregressionFit(
        curvature,
        np.sqrt(np.outer(covariance.diagonal(), spread.diagonal())),
        coefficients[d:].T if order == 2 else np.zeros((d, d)),
        covariance / learning_rate**2,
        asymmetry,
        pvalue,
    )


def _regression(values: Floats, order: int) -> tuple[Floats, Floats]:
    """Positions (and last steps), (n, order d), and the steps that follow, (n, d), of all replicas.

    Both orders begin with the third position, so that their residuals can be compared.
    """
    d, steps = values.shape[2], np.diff(values, axis=1)
    regressors = np.concatenate([values[:, 1:-1], steps[:, :-1]][:order], 2).reshape(-1, order * d)
    responses = steps[:, 1:].reshape(-1, d)
    if len(responses) <= order * d + 1:
        raise ValueError(f"trajectory: found {len(responses)} steps for {order * d} coefficients")
    return regressors, responses


def _inverse(matrix: Floats) -> Floats:
    # Columns may differ in scale by orders of magnitude: the correlation matrix is what is inverted.
    scale = np.sqrt(matrix.diagonal())
    if not (scale > 0).all():
        raise ValueError("trajectory: a column is constant or not finite")
    try:
        factor = cho_factor(matrix / np.outer(scale, scale))
    except np.linalg.LinAlgError as error:
        raise ValueError("trajectory: columns depend linearly on each other") from error
    return np.asarray(cho_solve(factor, np.eye(len(matrix))) / np.outer(scale, scale))


def _asymmetry(curvature: Floats, noise: Floats, spread: Floats) -> tuple[float, float]:
    """Relative antisymmetric part, and Wald's chi-square p-value for its being zero.

    cov(H_ij, H_kl) = noise_ik spread_jl, so that of the differences H_ij - H_ji has four such terms.
    """
    i, j = np.triu_indices(len(curvature), 1)
    if i.size == 0:
        return 0.0, 1.0
    difference = curvature[i, j] - curvature[j, i]
    covariance = (
        noise[np.ix_(i, i)] * spread[np.ix_(j, j)]
        - noise[np.ix_(i, j)] * spread[np.ix_(j, i)]
        - noise[np.ix_(j, i)] * spread[np.ix_(i, j)]
        + noise[np.ix_(j, j)] * spread[np.ix_(i, i)]
    )
    statistic = float(difference @ np.linalg.solve(covariance, difference))
    relative = np.linalg.norm(difference) / np.sqrt(2) / np.linalg.norm(curvature)
    return float(relative), float(gammaincc(i.size / 2, statistic / 2))

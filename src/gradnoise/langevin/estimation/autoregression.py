"""Autoregressions of recorded trajectories, column by column, read as SGD on a quadratic loss.

Steps are regressed on position and last step, x_{t+1} - x_t = -eta h x_t + mu (x_t - x_{t-1}) + noise: the
usual AR(2) in variables that stay uncorrelated when eta h is small.
"""

import math
from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaincc

from gradnoise.langevin.estimation.trajectories import Floats, as_replicas, centred_columns

# Bias and errors below hold from ten relaxation times recorded; a number y of them is estimated to within
# sqrt(2 y), so that this many are two standard errors more than ten.
RELAXATIONS = (math.sqrt(2) + math.sqrt(2 + 10)) ** 2


class AutoregressionFit(NamedTuple):
    """SGD on a quadratic fitted to each column; float64 arrays of shape (columns,)."""

    curvature: Floats  #: h, in loss per squared unit of the column
    momentum: Floats  #: mu; 0 for order 1
    noise_variance: Floats  #: c, of the mini-batch gradient
    temperature: Floats  #: eta c / (2 (1 - mu)), in units of the loss
    curvature_error: Floats
    momentum_error: Floats
    noise_variance_error: Floats
    temperature_error: Floats
    #: ten relaxation times or more were recorded, with 97.5 % confidence
    resolved: NDArray[np.bool_]
    coefficients: Floats  #: (columns, order): phi_1, phi_2, bias corrected
    residual_variance: Floats  #: eta^2 c


_sums_kernel = numba.njit(
    nogil=True, cache=True, error_model="numpy", fastmath={"reassoc", "contract", "nsz"}
)


@_sums_kernel
def _difference_sums(rows: Floats, sums: Floats) -> None:
    """Write the sums of xx, xv, vv, xw, vw, ww over rows (replicas, steps).

    x is the position, v the step that led to it and w the next step.
    """
    xx, xv, vv, xw, vw, ww = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for r in range(rows.shape[0]):
        for t in range(1, rows.shape[1] - 1):
            x = rows[r, t]
            v = x - rows[r, t - 1]
            w = rows[r, t + 1] - x
            xx += x * x
            xv += x * v
            vv += v * v
            xw += x * w
            vw += v * w
            ww += w * w
    sums[0], sums[1], sums[2], sums[3], sums[4], sums[5] = xx, xv, vv, xw, vw, ww


@_sums_kernel
def _residual_products(
    rows: Floats, position: float, step: float, residuals: Floats, products: Floats
) -> None:
    """Write the lag products of w - position x - step v; `residuals` is room for steps - 2 values."""
    products[:] = 0.0
    for r in range(rows.shape[0]):
        for t in range(1, rows.shape[1] - 1):
            x = rows[r, t]
            residuals[t - 1] = rows[r, t + 1] - x - position * x - step * (x - rows[r, t - 1])
        for lag in range(products.size):
            total = 0.0
            for t in range(residuals.size - lag):
                total += residuals[t] * residuals[t + lag]
            products[lag] += total


def difference_sums(rows: Floats) -> Floats:
    """Sums over one centred column (replicas, steps) that hold its fits of order 0, 1 and 2: (6,)."""
    sums = np.empty(6)
    _difference_sums(rows, sums)
    return sums


def least_squares(sums: Floats, order: int) -> tuple[Any, Any, Any]:
    """Coefficients of position and step, and the residual sum of squares, from sums (..., 6)."""
    xx, xv, vv, xw, vw, ww = np.moveaxis(sums, -1, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        if order == 0:  # x_{t+1} = noise: the next step undoes the position
            return -np.ones_like(xx), np.zeros_like(xx), xx + 2 * xw + ww
        if order == 1:
            return xw / xx, np.zeros_like(xx), ww - xw * xw / xx
        determinant = xx * vv - xv * xv
        position = (vv * xw - xv * vw) / determinant
        step = (xx * vw - xv * xw) / determinant
        return position, step, ww - position * xw - step * vw


def fit_from_sums(sums: Floats, count: int, order: int, learning_rate: float) -> AutoregressionFit:
    """The fit of `fit_autoregression` from sums (columns, 6) over `count` steps."""
    position, step, squares = least_squares(sums, order)
    # Least squares pulls the coefficients towards 0; its first-order bias is added back, at the estimate.
    if order == 1:
        phi = 1 + position
        phi = phi + (1 + 3 * phi) / count
        relaxation, momentum = 1 - phi, np.zeros_like(phi)  # eta h, mu
        relaxation_error = np.sqrt(np.maximum(1 - phi**2, 0) / count)
        momentum_error, coefficients = np.zeros_like(phi), phi[:, None]
    else:
        first, second = 1 + position + step, -step
        first = first + (1 + first + second) / count
        second = second + (2 + 4 * second) / count
        relaxation, momentum = 1 - first - second, -second
        # Of the sum of both coefficients, whose errors nearly cancel for small eta h.
        relaxation_error = np.sqrt(np.maximum(2 * (1 - momentum) * relaxation, 0) / count)
        momentum_error = np.sqrt(np.maximum(1 - momentum**2, 0) / count)
        coefficients = np.stack([first, second], 1)
    # The mean is fitted too, so that order + 1 degrees of freedom are lost.
    variance = squares / (count - order - 1)
    noise = variance / learning_rate**2
    temperature = learning_rate * noise / (2 * (1 - momentum))
    noise_error = math.sqrt(2 / count)
    return AutoregressionFit(
        relaxation / learning_rate, momentum, noise, temperature,
        relaxation_error / learning_rate, momentum_error, noise * noise_error,
        temperature * np.hypot(noise_error, momentum_error / (1 - momentum)),
        count * _relaxation_rate(coefficients) >= RELAXATIONS, coefficients, variance,
    )  # fmt: skip


def _relaxation_rate(coefficients: Floats) -> Floats:
    """Rate per step of the slowest root, or 2 / (integrated correlation time) where that is less."""
    if coefficients.shape[1] == 1:
        return 1 - abs(coefficients[:, 0])
    first, second = coefficients.T
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.minimum(1 - root_radius(first, second), (1 - first - second) / (1 + second))


def root_radius(first: Floats, second: Floats) -> Floats:
    """Largest modulus of the roots of z^2 = first z + second."""
    discriminant = first**2 + 4 * second
    real = (abs(first) + np.sqrt(np.maximum(discriminant, 0))) / 2
    return np.where(discriminant < 0, np.sqrt(np.maximum(-second, 0)), real)


def _column_sums(trajectory: ArrayLike) -> tuple[Floats, int]:
    values = as_replicas(trajectory)
    sums = np.array([difference_sums(rows) for rows in centred_columns(values)])
    return sums, values.shape[0] * (values.shape[1] - 2)


def fit_autoregression(
    trajectory: ArrayLike, order: int = 1, learning_rate: float = 1.0
) -> AutoregressionFit:
    """Least squares fit of an AR(1) (SGD) or AR(2) (heavy ball) to each column, read as curvature and noise.

    x_{t+1} = phi_1 x_t + phi_2 x_{t-1} + noise with mu = -phi_2, eta h = 1 - phi_1 - phi_2 and noise variance
    eta^2 c. The first-order bias of the coefficients, -(1 + 3 phi) / n or (-(1 + phi_1 + phi_2) / n,
    -(2 + 4 phi_2) / n), is added back (Kendall 1954; Shaman and Stine 1988, with the mean estimated). Errors are
    asymptotic; neither they nor the bias hold where `resolved` is false.

    Args:
        trajectory: (steps,), (steps, columns) or (replicas, steps, columns), float32 or float64; replicas are
            pooled, about the mean of all of them.
        order: 1 or 2.
        learning_rate: eta.

    Returns:
        Arrays of shape (columns,): `curvature` in loss per squared unit of the trajectory, `noise_variance` in its
        square times that unit's, `temperature` in units of the loss.

    Raises:
        ValueError: for another order, a learning rate that is not positive, fewer than 8 steps, or another
            number of axes.

    >>> position, path = 0.0, []
    >>> for noise in np.random.default_rng(0).standard_normal(20_000):
    ...     position = position - 0.1 * (2.0 * position + noise)
    ...     path.append(position)
    >>> fit = fit_autoregression(path, learning_rate=0.1)
    >>> bool(abs(fit.curvature[0] - 2.0) < 3 * fit.curvature_error[0])
    True
    """
    if order not in (1, 2):
        raise ValueError(f"order: found {order}; 1 or 2 is needed")
    check_learning_rate(learning_rate)
    return fit_from_sums(*_column_sums(trajectory), order, learning_rate)


def check_learning_rate(learning_rate: float) -> None:
    """Raise ValueError unless the learning rate is positive."""
    if not learning_rate > 0:
        raise ValueError(f"learning_rate: found {learning_rate:g}; it must be positive")


def order_from_sums(sums: Floats, count: int) -> NDArray[np.int64]:
    """Order 0, 1 or 2 of smallest BIC (Schwarz 1978), from sums (..., 6) over `count` steps.

    All orders are compared on the same steps.
    """
    squares = np.stack([least_squares(sums, order)[2] for order in range(3)])
    with np.errstate(divide="ignore", invalid="ignore"):
        criterion = count * np.log(squares / count)
    penalty = np.arange(3) * math.log(count)
    return np.argmin(criterion + penalty.reshape(3, *[1] * (squares.ndim - 1)), 0)


def box_statistic(
    rows: Floats, sums: Floats, order: int, lags: int, residuals: Floats
) -> tuple[float, float]:
    """Ljung-Box test (1978) that the residuals of one centred column's autoregression are white.

    Args:
        rows: float64 (replicas, steps), centred; products do not reach from one replica to the next.
        sums: of `difference_sums`.
        order: 0, 1 or 2, of the autoregression; as many degrees of freedom are lost.
        lags: number of autocorrelations summed, more than `order` and fewer than steps - 2.
        residuals: float64 (steps - 2,), room.

    Returns:
        Statistic and p-value; NaN where there are no residuals.
    """
    position, step, _ = least_squares(sums, order)
    products = np.empty(lags + 1)
    _residual_products(rows, float(position), float(step), residuals, products)
    if not products[0] > 0:
        return math.nan, math.nan
    replicas, steps = rows.shape[0], residuals.size
    count, pairs = replicas * steps, replicas * (steps - np.arange(1, lags + 1))
    statistic = count * (count + 2) * float(((products[1:] / products[0]) ** 2 / pairs).sum())
    return statistic, float(gammaincc((lags - order) / 2, statistic / 2))

"""Flatness of the loss along a direction, and power laws between flatness, curvature and noise."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from gradnoise.langevin.estimated_currents import ScalarEstimate
from gradnoise.langevin.trajectories import Floats

ITERATIONS = 100


class PowerLaw(NamedTuple):
    """y = prefactor x^exponent."""

    exponent: float
    exponent_error: float
    prefactor: float
    reduced_chi_square: float  #: of the given errors; NaN without errors


def flatness_width(positions: ArrayLike, losses: ArrayLike) -> float:
    """Width of the interval about the minimum of a slice in which the loss is at most e times the smallest.

    Feng and Tu (2021), "The inverse variance-flatness relation in stochastic gradient descent is critical for
    finding flat minima"; 2 sqrt(2 (e - 1) L_min / h) for a quadratic. Crossings are interpolated linearly.

    Args:
        positions: (points,), ascending.
        losses: (points,), positive.

    Returns:
        The width in units of the positions; NaN where the loss stays below the threshold to an end of the slice.

    Raises:
        ValueError: for shapes that differ, positions that do not ascend, or losses that are not positive.
    """
    x, loss = np.asarray(positions, np.float64), np.asarray(losses, np.float64)
    if x.ndim != 1 or x.shape != loss.shape or x.size < 3 or not (np.diff(x) > 0).all():
        raise ValueError(
            "slice: positions and losses of one shape (points,), ascending, are needed"
        )
    if not (loss > 0).all():
        raise ValueError(
            f"losses: found {loss.min():g}; a threshold of e L_min needs positive ones"
        )
    lowest, threshold = int(loss.argmin()), math.e * float(loss.min())
    above = np.flatnonzero(loss > threshold)
    below_minimum, above_minimum = above[above < lowest], above[above > lowest]
    if below_minimum.size == 0 or above_minimum.size == 0:
        return math.nan
    edges = []
    for outer, inner in ((below_minimum[-1], 1), (above_minimum[0], -1)):
        share = (threshold - loss[outer]) / (loss[outer + inner] - loss[outer])
        edges.append(x[outer] + share * (x[outer + inner] - x[outer]))
    return float(edges[1] - edges[0])


def flatness_exponent(
    flatness: ArrayLike,
    variance: ArrayLike,
    flatness_error: ArrayLike | None = None,
    variance_error: ArrayLike | None = None,
) -> ScalarEstimate:
    """Exponent psi of variance ~ flatness^-psi over directions; arguments and errors as in `power_law`.

    With a noise covariance C ~ H^p the stationary variance of SGD gives psi = 2 (p - 1).
    """
    law = power_law(flatness, variance, flatness_error, variance_error)
    return ScalarEstimate(-law.exponent, law.exponent_error)


def power_law(
    x: ArrayLike,
    y: ArrayLike,
    x_error: ArrayLike | None = None,
    y_error: ArrayLike | None = None,
) -> PowerLaw:
    """Straight line through (ln x, ln y) with errors in both.

    York et al. (2004), "Unified equations for the slope, intercept, and standard errors of the best straight line".

    Args:
        x: positive, (points,).
        y: positive, (points,).
        x_error: standard errors of x, a scalar or (points,); None for exact values.
        y_error: those of y. Without errors in either, all points weigh the same.

    Returns:
        The exponent and its standard error. The latter is widened where the points scatter by more than their
        errors, and comes from the scatter alone without errors.

    Raises:
        ValueError: for fewer than three points, values that are not positive and finite, errors that are negative
            or vanish at a point in x and y, or a single x.
    """
    u, v = np.asarray(x, np.float64), np.asarray(y, np.float64)
    if u.ndim != 1 or u.shape != v.shape or u.size < 3:
        raise ValueError(
            f"x, y: found shapes {u.shape} and {v.shape}; three points or more are needed"
        )
    if not (np.isfinite(u) & np.isfinite(v) & (u > 0) & (v > 0)).all() or np.ptp(u) == 0:
        raise ValueError("x, y: a power law needs positive finite values of different x")
    given = x_error is not None or y_error is not None
    sx = np.broadcast_to(np.asarray(0.0 if x_error is None else x_error) / u, u.shape)
    sy = np.broadcast_to(np.asarray(0.0 if y_error is None else y_error) / v, u.shape)
    if not given:
        sy = np.ones_like(u)
    if not (sx >= 0).all() or not (sy >= 0).all() or (sx + sy == 0).any():
        raise ValueError("x_error, y_error: every point needs a positive error in x or y")
    slope, intercept, error, chi_square = _line(np.log(u), np.log(v), sx**2, sy**2)
    reduced = chi_square / (u.size - 2)
    widening = math.sqrt(max(reduced, 1.0) if given else reduced)
    return PowerLaw(slope, error * widening, math.exp(intercept), reduced if given else math.nan)


def _line(x: Floats, y: Floats, vx: Floats, vy: Floats) -> tuple[float, float, float, float]:
    """Slope, intercept, error of the slope, chi-square; vx and vy are the variances of the points."""
    slope = float(np.polyfit(x, y, 1)[0])
    for _ in range(ITERATIONS):
        weight = 1 / (vy + slope**2 * vx)
        x_mean, y_mean = np.average(x, weights=weight), np.average(y, weights=weight)
        adjusted = weight * ((x - x_mean) * vy + slope * (y - y_mean) * vx)
        last, slope = (
            slope,
            float((weight * adjusted) @ (y - y_mean) / ((weight * adjusted) @ (x - x_mean))),
        )
        if abs(slope - last) < 1e-12 * (1 + abs(slope)):
            break
    intercept = float(y_mean - slope * x_mean)
    centred = adjusted - np.average(adjusted, weights=weight)
    error = float(1 / np.sqrt(weight @ centred**2))
    return slope, intercept, error, float(weight @ (y - intercept - slope * x) ** 2)


def batch_sharpness(
    batch_hessian_quadratic: ArrayLike, batch_gradient_square: ArrayLike
) -> ScalarEstimate:
    """Curvature E[g^T H_B g] / E|g|^2 of each batch's own loss along its own gradient.

    Andreyev and Beneventano (2024), "Edge of stochastic stability": it settles near 2 / learning rate.

    Args:
        batch_hessian_quadratic: g^T H_B g of each batch, (batches,).
        batch_gradient_square: |g|^2 of each batch, (batches,).

    Returns:
        The ratio of means and its standard error by linearisation, in units of the curvature.

    Raises:
        ValueError: for shapes that differ, fewer than two batches, or gradients that all vanish.
    """
    quadratic = np.asarray(batch_hessian_quadratic, np.float64)
    square = np.asarray(batch_gradient_square, np.float64)
    if quadratic.ndim != 1 or quadratic.shape != square.shape or quadratic.size < 2:
        raise ValueError(
            f"batches: found shapes {quadratic.shape} and {square.shape}; two batches or more are needed"
        )
    mean = float(square.mean())
    if not mean > 0:
        raise ValueError("batch_gradient_square: every gradient vanishes")
    value = float(quadratic.mean()) / mean
    spread = (quadratic - value * square).std(ddof=1)
    return ScalarEstimate(value, float(spread / (mean * math.sqrt(square.size))))

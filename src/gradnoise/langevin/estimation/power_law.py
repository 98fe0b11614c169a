"""Power laws between measured quantities, with errors in both."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from gradnoise.langevin.estimation.trajectories import Floats

ITERATIONS = 100


class PowerLaw(NamedTuple):
    """y = prefactor x^exponent."""

    exponent: float
    exponent_error: float
    prefactor: float
    reduced_chi_square: float  #: of the given errors; NaN without errors


class Line(NamedTuple):
    """y = intercept + slope x, and how far the points are from it."""

    slope: float
    intercept: float
    slope_error: float
    chi_square: float  #: of the given errors


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
    u, v = _positive(x, y)
    given = x_error is not None or y_error is not None
    # Relative errors are those of the logarithms.
    sx = np.broadcast_to(np.asarray(0.0 if x_error is None else x_error) / u, u.shape)
    sy = np.broadcast_to(np.asarray(0.0 if y_error is None else y_error) / v, u.shape)
    if not given:
        sy = np.ones_like(u)
    if not (sx >= 0).all() or not (sy >= 0).all() or (sx + sy == 0).any():
        raise ValueError("x_error, y_error: every point needs a positive error in x or y")
    line = fit_line(np.log(u), np.log(v), sx**2, sy**2)
    reduced = line.chi_square / (u.size - 2)
    widening = math.sqrt(max(reduced, 1.0) if given else reduced)
    return PowerLaw(
        line.slope,
        line.slope_error * widening,
        math.exp(line.intercept),
        reduced if given else math.nan,
    )


def _positive(x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
    """Both in float64, with logarithms through which a line can be laid."""
    u, v = np.asarray(x, np.float64), np.asarray(y, np.float64)
    if u.ndim != 1 or u.shape != v.shape or u.size < 3:
        raise ValueError(
            f"x, y: found shapes {u.shape} and {v.shape}; three points or more are needed"
        )
    if not (np.isfinite(u) & np.isfinite(v) & (u > 0) & (v > 0)).all() or np.ptp(u) == 0:
        raise ValueError("x, y: a power law needs positive finite values of different x")
    return u, v


def fit_line(x: Floats, y: Floats, x_variance: Floats, y_variance: Floats) -> Line:
    """York's best straight line through points with errors in both (York et al. 2004, eq. 13).

    Args:
        x, y: (points,).
        x_variance, y_variance: (points,), squared errors, independent.
    """
    slope = float(np.polyfit(x, y, 1)[0])
    # The weights depend on the slope: iterate from the line without errors.
    for _ in range(ITERATIONS):
        weight = 1 / (y_variance + slope**2 * x_variance)
        x_mean, y_mean = np.average(x, weights=weight), np.average(y, weights=weight)
        u, v = x - x_mean, y - y_mean
        # Each point moved along its errors onto the line, less the mean: York's beta.
        adjusted = weight * (u * y_variance + slope * v * x_variance)
        last, slope = slope, float((weight * adjusted) @ v / ((weight * adjusted) @ u))
        if abs(slope - last) < 1e-12 * (1 + abs(slope)):
            break
    intercept = float(y_mean - slope * x_mean)
    # The error of the slope is that of the adjusted points, which lie on the line.
    centred = adjusted - np.average(adjusted, weights=weight)
    error = float(1 / np.sqrt(weight @ centred**2))
    return Line(slope, intercept, error, float(weight @ (y - intercept - slope * x) ** 2))

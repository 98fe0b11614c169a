"""Flatness of the loss along a direction, and power laws between flatness, curvature and noise."""

import math

import numpy as np
from numpy.typing import ArrayLike

from gradnoise.langevin.estimation.currents import ScalarEstimate
from gradnoise.langevin.estimation.power_law import power_law


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
    # From the last point above the threshold on either side to its inner neighbour.
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

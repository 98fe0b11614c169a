"""Many deviations at once: the root mean square of the true ones, noise removed, against a margin."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from gradnoise.claims.scheme.component import LEVEL, Component

Array = NDArray[np.float64]


def root_mean_square(
    label: str, deviations: Array, covariance: Array, degrees: float, margin: float
) -> Component:
    """Whether the root mean square of the true deviations is below a margin.

    With errors e of covariance Sigma, sum of (d + e)^2 - tr Sigma estimates the sum of d^2 and has variance
    2 tr Sigma^2 + 4 d' Sigma d: cells that share their seeds are not independent. For contradiction d' Sigma d is its
    plug-in minus tr Sigma^2; for support it is taken at the margin, where the sum of d^2 is m times the margin's square
    and lambda = d' Sigma d / d'd that of the measured deviations (the largest there can be where none was
    measured).

    Args:
        label: what the deviations are of.
        deviations: (m,), measured.
        covariance: (m, m), of their errors, estimated with
        degrees: of freedom, 2 or more.
        margin: in units of the deviations.

    Returns:
        A component whose bounds are one-sided ones of 97.5 %.

    Raises:
        ValueError: for fewer than two degrees of freedom.
    """
    if degrees < 2:
        raise ValueError(f"degrees: found {degrees:g}; at least 2 are needed")
    count = len(deviations)
    total = float(deviations @ deviations - np.trace(covariance))
    own = trace_of_square(covariance, degrees)
    along = float(deviations @ covariance @ deviations)
    squares = float(deviations @ deviations)
    steepest = along / squares if squares else float(np.linalg.eigvalsh(covariance)[-1])
    limit = count * margin**2
    support = np.sqrt(2 * own + 4 * limit * steepest)
    contradiction = np.sqrt(2 * own + 4 * max(0.0, along - own))
    quantile = -stdtrit(degrees, LEVEL)
    ends = max(0.0, total - quantile * contradiction), max(0.0, total + quantile * support)
    lower, upper = (float(np.sqrt(end / count)) for end in ends)
    return Component(
        label,
        float(np.sqrt(max(0.0, total) / count)),
        np.nan,
        degrees,
        most=margin,
        lowest=0.0,
        margin=margin,
        bounds=(lower, upper),
        pvalues=(
            _below(total - limit, support, degrees),
            _below(limit - total, contradiction, degrees),
        ),
    )


def _below(distance: float, error: float, degrees: float) -> float:
    """Chance that an estimate lies so far below what is true, by Student's law; without error it is certain."""
    if error > 0:
        return float(stdtr(degrees, distance / error))
    return 0.0 if distance < 0 else 1.0


def trace_of_square(covariance: Array, degrees: float) -> float:
    """Unbiased estimate of tr Sigma^2 from a sample covariance (Bai and Saranadasa 1996), 0 or more."""
    square = float(np.sum(covariance**2)) - float(np.trace(covariance)) ** 2 / degrees
    return max(0.0, degrees**2 / ((degrees - 1) * (degrees + 2)) * square)

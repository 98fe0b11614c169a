"""The Berry-Esseen bound, and the leading term of what it bounds."""

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradnoise.errors import refuse_masks, wholes

Floats = NDArray[np.float64]


SMALLEST = 1 - 1e-6  # of the standardised third absolute moment, with room for rounding


def berry_esseen_bound(third_moment: ArrayLike, batch_size: ArrayLike) -> Floats:
    """Smallest valid bound on the Kolmogorov distance of a mean of iid draws to the Gaussian.

    min(0.4690 rho, 0.3322 (rho + 0.429), 0.3031 (rho + 0.646)) / sqrt(B), capped at 1: Shevtsova (2013),
    "On the absolute constants in the Berry-Esseen inequality and its structural and nonuniform improvements".

    Args:
        third_moment: rho = E|x - Ex|^3 / sd^3, at least 1 by Jensen's inequality; NaN stays NaN.
        batch_size: B, whole numbers of at least 1; broadcasts with `third_moment`.

    Returns:
        float64, the broadcast shape.

    Raises:
        ValueError: for a third moment below 1, or a batch size that is no whole number of at least 1.

    >>> berry_esseen_bound([1.0, 2.414553], 64).round(4).tolist()  # a fair coin, an exponential law
    [0.0586, 0.116]
    """
    refuse_masks("third_moment", third_moment)
    rho, size = np.asarray(third_moment, np.float64), wholes("batch_size", batch_size)
    if (rho < SMALLEST).any():
        raise ValueError(
            f"third_moment: found {np.nanmin(rho):g}; a standardised third absolute moment, "
            "E|x - Ex|^3 / sd^3, is at least 1"
        )
    smallest = np.minimum(0.4690 * rho, np.minimum(0.3322 * (rho + 0.429), 0.3031 * (rho + 0.646)))
    return np.asarray(np.minimum(smallest / np.sqrt(size), np.where(np.isnan(rho), np.nan, 1.0)))


def edgeworth_distance(skewness: ArrayLike, batch_size: ArrayLike) -> Any:
    """Leading term |skewness| / (6 sqrt(2 pi B)) of that distance for a law without a lattice.

    Esseen (1945), "Fourier analysis of distribution functions", Acta Mathematica 77.

    Args:
        skewness: of one draw.
        batch_size: B; both broadcast.
    """
    size = wholes("batch_size", batch_size)
    return np.abs(skewness) / (6 * math.sqrt(2 * math.pi) * np.sqrt(size))

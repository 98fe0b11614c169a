"""The tails of the noise's norm over the sampled coordinates, beside those of Gaussian noise.

Optimisation theory bounds moments of the norm. For Gaussian noise |xi|^2 is a weighted sum of independent chi-squared
variables, with the eigenvalues of the covariance as weights. Two nulls are given: independent coordinates
of the measured scales, and coordinates as correlated as the measured ones, whose norm varies more.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


LARGEST = 32  # weights, each with a chi-squared variable of its own


GROUPS = 16  # of the weights below these


REPLICATES = 12


class NormShape(NamedTuple):
    """Shape of the norm's distribution.

    Attributes:
        skewness: m3 / m2^1.5.
        excess_kurtosis: m4 / m2^2 - 3.
        tail_ratio: (q99.5 - q50) / (q75 - q25), 1.91 for a Gaussian variable.
    """

    skewness: float
    excess_kurtosis: float
    tail_ratio: float


def norm_shape(norms: Floats) -> NormShape:
    """Shape of a sample of norms, (n,); NaN where they do not vary."""
    centred = norms - norms.mean()
    variance = np.mean(centred**2)
    low, middle, high, far = np.quantile(norms, [0.25, 0.5, 0.75, 0.995])
    if not (variance > 0 and high > low):
        return NormShape(*[float("nan")] * 3)
    z = centred / np.sqrt(variance)
    return NormShape(
        float(np.mean(z**3)), float(np.mean(z**4) - 3), float((far - middle) / (high - low))
    )


def null_shape(
    variances: Floats, count: int, random: np.random.Generator
) -> tuple[NormShape, NormShape]:
    """Mean and standard deviation of the shape over samples of the norms of Gaussian noise.

    Args:
        variances: along independent axes: of the coordinates, or eigenvalues of their covariance.
        count: norms in a sample, n; the shape's own bias at n is then the same.
        random: the generator.
    """
    weights = np.sort(variances[variances > 0])[::-1]
    if not weights.size:
        nothing = NormShape(*[float("nan")] * 3)
        return nothing, nothing
    weights = weights / weights[0]
    # Small neighbours share their mean weight: chi-squared of as many degrees of freedom as there are.
    groups = [
        *np.split(weights[:LARGEST], weights[:LARGEST].size),
        *np.array_split(weights[LARGEST:], GROUPS),
    ]
    # The few largest weights shape the tail and are kept apart; 48 variables stand for thousands of coordinates.
    squares = np.zeros((REPLICATES, count))
    for group in (group for group in groups if group.size):
        # Of one degree of freedom it is a Gaussian's square, which is drawn five times as fast.
        one = group.size == 1
        squares += group.mean() * (
            random.standard_normal(squares.shape) ** 2
            if one
            else random.chisquare(group.size, squares.shape)
        )
    shapes = np.array([norm_shape(np.sqrt(row)) for row in squares])
    return NormShape(*shapes.mean(axis=0)), NormShape(*shapes.std(axis=0, ddof=1))

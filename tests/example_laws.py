"""Distances of sums to the Gaussian by enumeration and by convolution, for laws of few values."""

import numpy as np
from numpy.typing import NDArray
from scipy import stats


def kolmogorov(points: NDArray[np.float64], masses: NDArray[np.float64]) -> float:
    """Distance of a law on some points to the standard normal; points closer than 1e-9 are one."""
    order = np.argsort(points)
    points, masses = points[order], masses[order]
    new = np.r_[True, np.diff(points) > 1e-9]
    masses = np.bincount(np.cumsum(new) - 1, masses)
    upper, normal = np.cumsum(masses), stats.norm.cdf(points[new])
    return float(max(np.abs(upper - normal).max(), np.abs(upper - masses - normal).max()))


def enumerated(values: NDArray[np.float64], counts: NDArray[np.int64], batch_size: int) -> float:
    """Distance of a sum of few different values: every multinomial outcome."""
    grids = np.meshgrid(*[np.arange(batch_size + 1)] * (len(values) - 1), indexing="ij")
    drawn = np.stack([grid.ravel() for grid in grids], axis=1)
    drawn = drawn[drawn.sum(axis=1) <= batch_size]
    drawn = np.c_[drawn, batch_size - drawn.sum(axis=1)]
    probability = counts / counts.sum()
    masses = stats.multinomial.pmf(drawn, batch_size, probability)
    mean = values @ probability
    deviation = np.sqrt((values - mean) ** 2 @ probability * batch_size)
    return kolmogorov((drawn @ values - batch_size * mean) / deviation, masses)


def convolved(counts: NDArray[np.int64], batch_size: int) -> float:
    """Distance of a sum of whole numbers 0, 1, ... that stand so often: by repeated convolution."""
    single, law = counts / counts.sum(), np.ones(1)
    for _ in range(batch_size):
        law = np.convolve(law, single)
    places = np.arange(counts.size)
    mean = places @ single
    deviation = np.sqrt((places - mean) ** 2 @ single * batch_size)
    return kolmogorov((np.arange(law.size) - batch_size * mean) / deviation, law)

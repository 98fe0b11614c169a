"""Autocorrelations of recorded projections at many lags."""

import numpy as np
from numpy.typing import NDArray
from scipy import fft


def measured_autocorrelation(positions: NDArray[np.floating], lags: int) -> NDArray[np.float64]:
    """Autocorrelation of every column, pooled over replicas about their common mean.

    Args:
        positions: (replicas, steps, k).
        lags: largest lag L, below the number of steps.

    Returns:
        float64 (k, L + 1), 1 at lag 0; NaN for a constant column.
    """
    steps = positions.shape[1]
    found = []
    for column in np.moveaxis(positions, 2, 0):
        centred = column.astype(np.float64) - column.mean(dtype=np.float64)
        spectrum = fft.rfft(centred, fft.next_fast_len(steps + lags, real=True), axis=1)
        power = fft.irfft((spectrum.real**2 + spectrum.imag**2).sum(axis=0))[: lags + 1]
        covariance = power / (steps - np.arange(lags + 1))
        with np.errstate(invalid="ignore", divide="ignore"):
            found.append(covariance / covariance[0])
    return np.array(found)

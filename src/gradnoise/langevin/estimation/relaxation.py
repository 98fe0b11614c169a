"""How a trajectory forgets: autocorrelations, mean squared displacement and its exponent."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import fft

from gradnoise.langevin.estimation.trajectories import Floats, as_replicas


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
        # Padded by the lags wanted: what wraps around lies beyond them.
        spectrum = fft.rfft(centred, fft.next_fast_len(steps + lags, real=True), axis=1)
        power = fft.irfft((spectrum.real**2 + spectrum.imag**2).sum(axis=0))[: lags + 1]
        # Each lag's mean is over its own number of pairs.
        covariance = power / (steps - np.arange(lags + 1))
        with np.errstate(invalid="ignore", divide="ignore"):
            found.append(covariance / covariance[0])
    return np.array(found)


class Displacement(NamedTuple):
    """Mean squared displacement at each lag."""

    value: Floats  #: (lags,), averaged over replicas
    standard_error: Floats  #: (lags,), from replicas; NaN for a single one
    per_replica: Floats  #: (replicas, lags)


class DiffusionExponent(NamedTuple):
    """Slope of ln(displacement) against ln(lag), 1 for free diffusion and 2 for ballistic motion."""

    lag: Floats  #: (lags - 1,), geometric mean of neighbouring lags
    local: Floats  #: (lags - 1,), slope between them
    local_error: Floats  #: (lags - 1,)
    overall: float  #: least squares slope over all lags
    overall_error: float


def mean_squared_displacement(
    trajectory: ArrayLike, lags: ArrayLike, average_origins: bool = False
) -> Displacement:
    """E|theta_{t0 + t} - theta_{t0}|^2, summed over columns.

    Args:
        trajectory: (steps,), (steps, columns) or (replicas, steps, columns).
        lags: whole numbers of steps from 1 to steps - 1, (lags,).
        average_origins: over every t0, right for stationary trajectories; otherwise t0 is the first step.

    Raises:
        ValueError: for lags outside that range or another number of axes.
    """
    values = as_replicas(trajectory, shortest=2)
    steps, chosen = values.shape[1], np.atleast_1d(np.asarray(lags, np.int64))
    if chosen.size == 0 or chosen.min() < 1 or chosen.max() >= steps:
        raise ValueError(f"lags: found {chosen}; whole numbers from 1 to {steps - 1} are needed")
    found = np.empty((len(values), chosen.size))
    for i, lag in enumerate(chosen):
        origins = steps - lag if average_origins else 1
        moved = values[:, lag : lag + origins] - values[:, :origins]
        found[:, i] = np.einsum("rtd,rtd->r", moved, moved, dtype=np.float64) / origins
    return Displacement(found.mean(0), _replica_error(found), found)


def _replica_error(found: Floats) -> Floats:
    if len(found) < 2:
        return np.full(found.shape[1:], np.nan)
    return np.asarray(found.std(0, ddof=1) / np.sqrt(len(found)))


def diffusion_exponent(lags: ArrayLike, displacement: ArrayLike) -> DiffusionExponent:
    """Local and overall logarithmic slope of the mean squared displacement.

    Points of one curve are correlated, so the errors are the delete-one jackknife's over replicas and not the
    regression's.

    Args:
        lags: (lags,), positive and ascending, at least two.
        displacement: (lags,), or (replicas, lags) as in `Displacement.per_replica`; positive.

    Returns:
        float64 arrays; errors are NaN for fewer than two replicas.

    Raises:
        ValueError: for shapes that do not fit, lags that do not ascend, or a displacement that is not positive.
    """
    times, found = np.asarray(lags, np.float64), np.atleast_2d(np.asarray(displacement, np.float64))
    if times.ndim != 1 or times.size < 2 or found.shape[1:] != times.shape:
        raise ValueError(f"displacement: found shape {found.shape} for lags of shape {times.shape}")
    if times[0] <= 0 or not (np.diff(times) > 0).all() or not (found.mean(0) > 0).all():
        raise ValueError("lags, displacement: positive values at ascending lags are needed")
    logarithm = np.log(times)
    # Least squares as a weighted sum of the heights, the same for every replica left out.
    weights = (logarithm - logarithm.mean()) / ((logarithm - logarithm.mean()) ** 2).sum()

    def slopes(mean: Floats) -> Floats:
        height = np.log(mean)
        return np.append(np.diff(height) / np.diff(logarithm), height @ weights)

    replicas, errors = len(found), np.full(times.size, np.nan)
    if replicas > 1:
        without = np.array([slopes((found.sum(0) - one) / (replicas - 1)) for one in found])
        errors = np.sqrt((replicas - 1) * without.var(0))
    value = slopes(found.mean(0))
    middle = np.exp((logarithm[1:] + logarithm[:-1]) / 2)
    return DiffusionExponent(middle, value[:-1], errors[:-1], float(value[-1]), float(errors[-1]))


def random_walk_spectrum(count: int) -> Floats:
    """Share 6 / (pi^2 k^2) of the variance in principal component k of a long, high-dimensional random walk.

    Antognini and Sohl-Dickstein (2018), "PCA of high dimensional random walks with comparison to neural network
    training". The null model for structure found by PCA of a trajectory.

    Args:
        count: of components.

    Returns:
        float64 (count,).

    Raises:
        ValueError: for a negative count.
    """
    if count < 0:
        raise ValueError(f"count: found {count}; it cannot be negative")
    return 6 / (np.pi * np.arange(1, count + 1)) ** 2

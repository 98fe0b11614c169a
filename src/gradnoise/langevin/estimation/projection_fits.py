"""Everything fitted to each projection of a recorded trajectory, in one pass over its columns."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradnoise.errors import whole
from gradnoise.langevin.estimation.autoregression import (
    AutoregressionFit,
    box_statistic,
    check_learning_rate,
    difference_sums,
    fit_from_sums,
    order_from_sums,
)
from gradnoise.langevin.estimation.convergence import memory, r_hat
from gradnoise.langevin.estimation.stationarity import LEVEL, holm, stationarity
from gradnoise.langevin.estimation.trajectories import Floats, as_replicas, centred_columns


class ProjectionFits(NamedTuple):
    """Fits and diagnostics of each column; arrays of shape (columns,)."""

    first: AutoregressionFit  #: AR(1)
    second: AutoregressionFit  #: AR(2)
    order: NDArray[np.int64]  #: of smallest BIC: 0, 1 or 2
    ljung_box_pvalue: Floats  #: of the residuals of that order
    variance: Floats
    #: relative standard error sqrt((2 / n) sum_k rho_k^2) for Gaussian values (Bartlett 1946)
    variance_error: Floats
    autocorrelation_time: Floats  #: steps
    effective_sample_size: Floats
    split_r_hat: Floats
    mean_drift: Floats  #: last third less first, in standard errors
    variance_drift: Floats  #: the same of the variance's logarithm
    #: that replicas and thirds agree in mean and variance, adjusted for the number of columns (Holm)
    stationarity_pvalue: Floats
    stationarity_power: Floats  #: of that test (`Stationarity.power`)


def fit_projections(
    trajectory: ArrayLike, learning_rate: float = 1.0, lags: int = 20
) -> ProjectionFits:
    """Both autoregressions of each column and every check on them.

    Args:
        trajectory: (steps,), (steps, columns) or (replicas, steps, columns), float32 or float64; replicas are
            pooled, about the mean of all of them.
        learning_rate: eta.
        lags: of the Ljung-Box test.

    Returns:
        Arrays of shape (columns,). Constant columns are NaN.

    Raises:
        ValueError: for a learning rate that is not positive, fewer than 24 steps or than lags + 3, or another
            number of axes.

    >>> white = np.random.default_rng(0).standard_normal((4, 1000, 2))
    >>> fits = fit_projections(white)
    >>> fits.order
    array([0, 0])
    >>> bool((abs(fits.autocorrelation_time - 1) < 0.2).all() and (fits.split_r_hat < 1.01).all())
    True
    """
    check_learning_rate(learning_rate)
    values = as_replicas(trajectory, shortest=max(24, whole("lags", lags) + 3))
    replicas, steps, columns = values.shape
    size, count = replicas * steps, replicas * (steps - 2)
    sums, orders, rest = np.empty((columns, 6)), np.empty(columns, np.int64), np.empty((columns, 9))
    room = np.empty(steps - 2)
    # Everything is done to a column while it lies in the processor's cache.
    for i, rows in enumerate(centred_columns(values)):
        sums[i] = difference_sums(rows)
        orders[i] = order_from_sums(sums[i], count)
        pvalue = box_statistic(rows, sums[i], int(orders[i]), lags, room)[1]
        steady = stationarity(rows)
        told = (*steady[:2], steady.pvalue, steady.power(LEVEL / columns))
        rest[i] = pvalue, *memory(rows), r_hat(rows), *told
    pvalues, variance, time, squares, hat, mean_drift, variance_drift, steady_pvalues, power = (
        rest.T
    )
    return ProjectionFits(
        fit_from_sums(sums, count, 1, learning_rate), fit_from_sums(sums, count, 2, learning_rate),
        orders, pvalues, variance, np.sqrt(2 * squares / size), time, size / time, hat,
        mean_drift, variance_drift, holm(steady_pvalues), power,
    )  # fmt: skip


def warm() -> None:
    """Compile, or load from the cache, everything that `fit_projections` runs."""
    fit_projections(np.random.default_rng(0).standard_normal((2, 64, 2)).astype(np.float32))

"""How much a trajectory says: correlation times, effective sizes, split R-hat."""

import math
from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import ArrayLike
from scipy import fft

from gradnoise.langevin.estimation.trajectories import Floats, as_replicas, centred_columns

DIRECT = 40  # lags summed one by one; longer windows are cheaper by Fourier transform


TRIAL = 8  # of them, after which a long window shows


WINDOW = 5.0  # correlation times


class Memory(NamedTuple):
    """Second-order description of one column, pooled over replicas."""

    variance: float
    time: float  #: integrated autocorrelation time, in steps
    squares: float  #: sum of the squared autocorrelations over all lags, negative ones included

    @property
    def span(self) -> float:
        """Steps after which the column has forgotten, also where oscillation makes `time` short."""
        return max(self.time, 2 * self.squares - 1)


_kernel = numba.njit(nogil=True, cache=True, error_model="numpy")


@numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"reassoc", "contract", "nsz"})
def _lag_products(rows: Floats, first: int, products: Floats) -> None:
    """Write sum_t x_t x_{t+lag} over all rows (replicas, steps) for lags first, first + 1, ..."""
    replicas, steps = rows.shape
    for lag in range(first, products.size):
        total = 0.0
        for r in range(replicas):
            for t in range(steps - lag):
                total += rows[r, t] * rows[r, t + lag]
        products[lag] = total


@_kernel
def _integrate(products: Floats, window: float) -> tuple[float, float, bool]:
    """Correlation time, sum of squared correlations, and whether Sokal's window closed within the lags.

    The squares keep the window open for alternating and oscillating series, whose partial sums of
    correlations fall below M / 5 at once. For an AR(1) with phi >= 0 Sokal's own condition is the stricter.
    """
    total, squares, largest = 1.0, 1.0, 1.0
    for lag in range(1, products.size):
        correlation = products[lag] / products[0]
        total += 2.0 * correlation
        squares += 2.0 * correlation * correlation
        largest = max(largest, total)
        if lag >= window * max(total, 2.0 * squares - 1.0):
            return total, squares, True
    return largest, squares, False


def memory(rows: Floats, window: float = WINDOW) -> Memory:
    """Variance and correlation of one centred column (replicas, steps); NaN where it is constant.

    The integrated autocorrelation time 1 + 2 sum rho_k ends at the smallest lag M >= 5 tau(M) (Sokal 1997, "Monte
    Carlo methods in statistical mechanics", section 3), held open further for series that alternate. It is at
    least 1 / sqrt(number of values). Where the window does not close within half of the steps, it is the largest
    partial sum, so that a series which never forgets has an effective size of a few. Beyond, correlations about
    the series' own mean must sum to -1/2, whatever the series.

    Args:
        rows: float64 (replicas, steps).
        window: correlation times that the sum extends over.
    """
    steps = rows.shape[1]
    most = steps // 2
    products = np.empty(min(DIRECT, most) + 1)
    trial = products[: TRIAL + 1]
    _lag_products(rows, 0, trial)
    if not 0 < products[0] < math.inf:
        return Memory(math.nan, math.nan, math.nan)
    time, squares, closed = _integrate(trial, window)
    # What the first lags show of the time tells whether the window can close within DIRECT.
    if not closed and window * max(time, 2 * squares - 1) < products.size:
        _lag_products(rows, trial.size, products)
        time, squares, closed = _integrate(products, window)
    if not closed:
        # Padded by the lags that are read: what wraps around lies beyond them.
        size = fft.next_fast_len(steps + most, real=True)
        spectrum = fft.rfft(rows, size)
        power = (spectrum.real**2 + spectrum.imag**2).sum(0)
        time, squares, _ = _integrate(fft.irfft(power, size)[: most + 1], window)
    smallest = 1 / math.sqrt(rows.size)
    return Memory(products[0] / rows.size, max(time, smallest), squares)


def r_hat(rows: Floats) -> float:
    """Split R-hat of one column (replicas, steps), centred or not; NaN where it is constant.

    Every replica is halved and the halves are compared (Gelman et al., Bayesian Data Analysis, 3rd edition,
    section 11.4). Near sqrt(1 + tau / half) for a stationary column with halves of that many steps: a threshold
    on it, such as 1.01, is no test (see `stationarity`).
    """
    half = rows.shape[1] // 2
    halves = rows[:, : 2 * half].reshape(-1, half)
    within = halves.var(1, ddof=1).mean()
    if not within > 0:
        return math.nan
    return math.sqrt((half - 1) / half + halves.mean(1).var(ddof=1) / within)


def effective_sample_size(trajectory: ArrayLike) -> Floats:
    """Number of independent draws whose mean is as precise: replicas x steps / autocorrelation time.

    Args:
        trajectory: (steps,), (steps, columns) or (replicas, steps, columns), float32 or float64; the replicas'
            autocovariances, about the mean of all of them, are averaged.

    Returns:
        float64 (columns,); NaN for a constant column.

    Raises:
        ValueError: for fewer than 8 steps or another number of axes.
    """
    values = as_replicas(trajectory)
    times = np.array([memory(rows).time for rows in centred_columns(values)])
    return np.asarray(values.shape[0] * values.shape[1] / times)

"""Whether a recorded trajectory is stationary: replicas and thirds of it agree, in mean and variance."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import fdtrc, stdtr, stdtrit

from gradnoise.langevin.estimation.convergence import memory
from gradnoise.langevin.estimation.trajectories import Floats

LEVEL = 0.05  # of all directions together

SHIFT = 0.5  # standard deviations, and share of the variance, that a test should be able to see

WINDOW = (
    2.5  # correlation times over which autocorrelations are summed: five of an exponential's decay
)

# Share of a third that this window may take: what is missing from the sum because every third is centred on
# its own mean is then less than what is there ...
LONGEST = 0.55
# ... and windows in all of the trajectory, below which the errors are too uncertain for any test.
FEWEST = 10


class Stationarity(NamedTuple):
    """Tests that one column has one law throughout; NaN where it is constant or too short to tell."""

    mean_drift: float  #: last third less first, in standard errors
    variance_drift: float  #: the same of the logarithm of the variance
    mean_drift_pvalue: float
    variance_drift_pvalue: float
    mean_spread_pvalue: float  #: of the replicas' means; NaN for a single one
    variance_spread_pvalue: float
    mean_shift_error: float  #: of a change of the mean between thirds, in standard deviations
    variance_shift_error: float  #: of a change of the variance's logarithm between thirds
    freedom: float  #: degrees of freedom of these errors

    @property
    def pvalues(self) -> list[float]:
        """Of the tests that there are."""
        tests = (
            *(self.mean_drift_pvalue, self.variance_drift_pvalue),
            *(self.mean_spread_pvalue, self.variance_spread_pvalue),
        )
        return [value for value in tests if not math.isnan(value)]

    @property
    def pvalue(self) -> float:
        """Of all tests together (Bonferroni); NaN where there is none."""
        tests = self.pvalues
        return min(1.0, len(tests) * min(tests)) if tests else math.nan

    def power(self, level: float) -> float:
        """Chance that a change by `SHIFT` between first and last third is found at `level`: the smaller of both."""
        critical = stdtrit(self.freedom, 1 - level / (2 * max(1, len(self.pvalues))))
        shifts = (
            SHIFT / self.mean_shift_error,
            math.log1p(SHIFT) / self.variance_shift_error,
        )
        return float(min(stdtr(self.freedom, shift - critical) for shift in shifts))


UNKNOWN = Stationarity(*9 * (math.nan,))


def stationarity(rows: Floats) -> Stationarity:
    """Test one column for drift and for replicas that differ, with errors from its effective sample size.

    Autocorrelations are those within thirds of replicas, each about its own mean, so that what drifted or
    strayed does not lengthen its own error; what the sum of autocorrelations loses by that is added back (Wolff
    2004, "Monte Carlo errors with less errors", eq. 49). The correlation time is itself an estimate, with
    n / (2 M + 1) degrees of freedom for a window of M lags: hence Student's t and Fisher's F. Variances are
    compared by their logarithms, with the Gaussian error sqrt(2 sum rho^2 / n).

    Args:
        rows: float64 (replicas, steps), without burn-in.
    """
    replicas, steps = rows.shape
    third, means = steps // 3, rows.mean(1)
    thirds = rows[:, : 3 * third].reshape(-1, third)
    found = memory(thirds - thirds.mean(1, keepdims=True), WINDOW)
    window = 2 * WINDOW * found.span + 1
    freedom = rows.size / window
    if not (window <= LONGEST * third and freedom >= FEWEST):
        return UNKNOWN
    time = found.time / (1 - window / third)
    variance = found.variance * (1 + time / third)
    mean_error = math.sqrt(2 * time / (replicas * third))
    variance_error = math.sqrt(4 * found.squares / (replicas * third))
    first, last = rows[:, :third], rows[:, -third:]
    shift = float(last.mean() - first.mean()) / math.sqrt(variance)
    mean_drift = shift / mean_error
    variance_drift = (_log_variance(last) - _log_variance(first)) / variance_error
    mean_spread, variance_spread = math.nan, math.nan
    if replicas > 1:
        each = np.array([_log_variance(row[None]) for row in rows])
        mean_spread = means.var(ddof=1) / (variance * time / steps)
        variance_spread = each.var(ddof=1) / (2 * found.squares / steps)
    return Stationarity(
        mean_drift,
        variance_drift,
        2 * float(stdtr(freedom, -abs(mean_drift))),
        2 * float(stdtr(freedom, -abs(variance_drift))),
        float(fdtrc(replicas - 1, freedom, mean_spread)),
        float(fdtrc(replicas - 1, freedom, variance_spread)),
        mean_error,
        variance_error,
        freedom,
    )


def _log_variance(rows: Floats) -> float:
    """Of the variance about each row's own mean."""
    with np.errstate(divide="ignore"):
        return float(np.log(rows.var(1).mean()))


def holm(pvalues: ArrayLike) -> Floats:
    """P-values adjusted so that the family errs no more often than one test does; NaN ones are no tests.

    Holm (1979), "A simple sequentially rejective multiple test procedure".

    Args:
        pvalues: (tests,).

    >>> holm([0.01, 0.04, 0.03])
    array([0.03, 0.06, 0.06])
    """
    given = np.asarray(pvalues, np.float64)
    adjusted = np.full(given.shape, np.nan)
    order = np.argsort(given)[: int(np.isfinite(given).sum())]
    factors = np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(factors * given[order]), 1)
    return adjusted

"""Hill's estimator (1975), Ann. Statist. 3: 1 / alpha = mean of ln(x_(i) / x_(k+1)) over the k largest distances from the median.

It looks at the tails alone, k = n // 10 values, and knows no scale. Any law has an index by it: Gaussian series
read 7.7, 6.0, 4.7, 3.4, 2.7 at k / n = 0.02, 0.05, 0.1, 0.2, 0.3 (for n = 200 and k = 20 on average 4.8, with
standard deviation 1.0), so that no index means anything without the null of the same n and k.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from gradnoise.series import Rows
from gradnoise.tails.stable.estimator import (
    Estimator,
    Flags,
    Floats,
    TailIndex,
    over_series,
    quantiles,
    rescaled,
)

SECONDS = 3e-6  # per series of 600 values

SHARE = 10  # one value in so many is of the tails
FEWEST = 10  # values that an index may stand on


def hill_plot(samples: ArrayLike, counts: Sequence[int], axis: int = -1) -> Floats:
    """Hill's index against the number of values that it stands on: flat where the tails are a power law.

    Args:
        samples: float32 or float64, n >= 4 samples along `axis`.
        counts: numbers k of the largest distances from the median, 1 to n - 1.
        axis: the axis of the series.

    Returns:
        float64 (counts, ...), in the samples' shape without the axis; NaN where a series has no such index.

    Raises:
        ValueError: for fewer than 4 samples, or a count out of range.

    >>> gaussian = np.random.default_rng(0).standard_normal((50, 10_000))
    >>> hill_plot(gaussian, (200, 1000, 3000)).mean(axis=1).round(1)
    array([7.7, 4.7, 2.7])
    """
    length = np.shape(samples)[axis]
    if not all(1 <= count < length for count in counts):
        raise ValueError(f"counts: found {list(counts)}; accepted: from 1 to {length - 1}")
    kinds = [np.float64] * len(counts)
    return np.array(
        over_series(samples, axis, lambda rows, _: [_hill(rows, k)[0] for k in counts], kinds)
    )


def fit(ordered: Rows, _rows: Rows) -> TailIndex:
    """Index of each sorted row (m, n); converged where it stands on ten values or more, clear of the others."""
    count = max(1, ordered.shape[1] // SHARE)
    alpha, clear = _hill(ordered, count)
    converged = np.isfinite(alpha) & clear & (count >= FEWEST)
    return TailIndex(alpha, np.full(len(alpha), np.nan), converged)


def _hill(ordered: Rows, count: int) -> tuple[Floats, Flags]:
    """Index of each sorted row (m, n) from its `count` largest distances, and whether no tie makes these arbitrary."""
    ordered, units = rescaled(ordered)
    (median,) = quantiles(ordered, 0.5)
    # The largest distances from the median lie at the two ends of a sorted row.
    ends, reach = ordered, count + 1
    if 2 * reach < ordered.shape[1]:
        ends = np.concatenate([ordered[:, :reach], ordered[:, -reach:]], axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        distances = np.abs(ends.astype(np.float64) - median[:, np.newaxis])
        distances.sort(axis=1)
        threshold = distances[:, -count - 1]
        inverse = np.log(distances[:, -count:] / threshold[:, np.newaxis]).mean(axis=1)
        found = np.isfinite(units) & (threshold > 0) & (inverse > 0)
        alpha = np.where(found, 1.0 / inverse, np.nan)
    return alpha, distances[:, -count] > threshold


ESTIMATOR = Estimator(fit, limits=(0.5, 10.0), calibrated=(0.0, np.inf))

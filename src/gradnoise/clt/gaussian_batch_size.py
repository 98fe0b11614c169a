"""B*: the smallest batch size at which a layer's noise is Gaussian, by exact distances."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import bdtr

from gradnoise.clt.exact.distance import RELATIVE, Law

LARGEST = 1 << 16  # batch sizes above this are censored


STEPS = 6  # exact distances at most for one coordinate's crossing


TAIL = 0.025  # probability that one end of an interval fails


CLOSE = 1.02  # of neighbouring batch sizes: the crossing is found


class GaussianBatchSize(NamedTuple):
    """B* with its 95 % interval, samples; infinite where it lies above 2^16, NaN without live coordinates.

    The interval is for all coordinates of the layer, of which those measured are a random sample: order
    statistics bound a quantile whatever the distribution. Each end fails with 2.5 % at most; where the coordinates
    are too few for that, the lower end is 1 and the upper one infinite (for a share of 0.9: of one coordinate, and of
    35 or fewer).
    """

    value: float
    lower: float
    upper: float


def crossing(law: Law, distance: float, start: float, at_start: float) -> float:
    """Smallest batch size at which a coordinate's exact distance is below `distance`, to 2 %.

    Args:
        law: of a coordinate's per-sample gradients.
        distance: to reach.
        start: a batch size whose exact distance is known.
        at_start: that distance.
    """
    # The distance falls as 1 / sqrt(B), or B^-1 for symmetric laws: a secant in logarithms, kept in a bracket.
    low, high = 1.0, float(LARGEST)
    size, found, slope = start, at_start, -0.5
    for _ in range(STEPS):
        low, high = (size, high) if found >= distance else (low, size)
        guess = size * math.exp(math.log(distance / max(found, 1e-12)) / slope)
        guess = round(min(max(guess, low), high))
        if guess >= LARGEST or guess <= 1 or max(guess / size, size / guess) < CLOSE:
            return math.inf if guess >= LARGEST else float(max(1, guess))
        before, size = (size, found), guess
        found = law.distance(int(size), RELATIVE).distance
        measured = math.log(found / before[1]) / math.log(size / before[0])
        slope = min(-0.3, max(-2.0, measured))
    return float(size if found < distance else high)


def gaussian_batch_size(crossings: ArrayLike, share: float) -> GaussianBatchSize:
    """B* of a layer from its coordinates' crossings: the smallest batch size that a `share` of them needs.

    Args:
        crossings: (E,) batch sizes, infinite where censored.
        share: of the coordinates, 0 to 1.
    """
    ordered = np.sort(np.asarray(crossings, np.float64))
    count = len(ordered)
    if not count:
        return GaussianBatchSize(math.nan, math.nan, math.nan)
    # Of count independent coordinates, those at or below the quantile are binomial: with the j-th smallest from 0,
    # P(ordered[j] > quantile) = P(at most j lie below), which the lower end needs small and the upper one large.
    below = bdtr(np.arange(count), count, share)
    low = int(np.searchsorted(below, TAIL, side="right")) - 1
    high = int(np.searchsorted(below, 1 - TAIL))
    # In floating point 0.7 * 10 exceeds 7.
    middle = math.ceil(share * count - 1e-9) - 1
    return GaussianBatchSize(
        float(ordered[max(0, middle)]),
        float(ordered[low]) if low >= 0 else 1.0,
        float(ordered[high]) if high < count else math.inf,
    )

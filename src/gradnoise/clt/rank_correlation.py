"""Spearman's rank correlation, plain, partial, and its exact test by permutation."""

from collections.abc import Sequence
from itertools import permutations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


EXACT = 8  # observations up to which all permutations are counted


DRAWN = 20_000  # random permutations above


def ranks(values: ArrayLike) -> Floats:
    """Ranks from 1, ties sharing their mean rank."""
    _, where, counts = np.unique(np.asarray(values), return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[where])


def spearman(x: ArrayLike, y: ArrayLike, given: Sequence[ArrayLike] = ()) -> float:
    """Rank correlation of x and y, after a linear regression of all ranks on those of `given`.

    Args:
        x, y, given: (n,) each.

    Returns:
        -1 to 1; NaN where nothing is left to correlate.
    """
    columns = [ranks(x), ranks(y)]
    # Too few for a residual beside the regression's constant and slopes.
    if len(columns[0]) < 3 + len(given):
        return float("nan")
    design = np.column_stack([np.ones(len(columns[0])), *(ranks(each) for each in given)])
    orthonormal, _ = np.linalg.qr(design)
    left = [each - orthonormal @ (orthonormal.T @ each) for each in columns]
    norms = [float(np.linalg.norm(each)) for each in left]
    if min(norms) < 1e-9 * len(columns[0]):
        return float("nan")
    return float(left[0] @ left[1] / norms[0] / norms[1])


def permutation_pvalue(x: ArrayLike, y: ArrayLike, seed: int = 0) -> float:
    """Two-sided p-value of Spearman's correlation under all orders of y, or many random ones above n = 8.

    Args:
        x, y: (n,) each.
        seed: of the random orders.

    >>> round(permutation_pvalue([1, 2, 3, 4], [1, 2, 3, 4]), 4)  # 2 of 24 orders
    0.0833
    """
    a, b = ranks(x) - np.mean(ranks(x)), ranks(y) - np.mean(ranks(y))
    observed = abs(a @ b) - 1e-9  # ties with the observed value count, whatever rounding says
    if len(a) <= EXACT:
        orders = np.array(list(permutations(b)))
        return float(np.mean(np.abs(orders @ a) >= observed))
    random = np.random.default_rng(seed)
    drawn = random.permuted(np.tile(b, (DRAWN, 1)), axis=1)
    # The observed order is one of those possible: the p-value is never zero.
    return float((1 + np.sum(np.abs(drawn @ a) >= observed)) / (1 + DRAWN))

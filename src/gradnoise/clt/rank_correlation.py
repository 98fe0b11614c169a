"""Spearman's rank correlation, plain, partial, and its test by permutation within groups."""

import math
from collections.abc import Sequence
from itertools import permutations
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


JOINT = 100_000  # joint orders up to which all are counted, and random ones above


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


class JointTest(NamedTuple):
    """Mean rank correlation over groups, and the one-sided p-values of "not below 0" and "not above 0"."""

    correlation: float
    below: float
    above: float


def joint_permutation(pairs: Sequence[tuple[ArrayLike, ArrayLike]], seed: int = 0) -> JointTest:
    """Mean Spearman correlation over groups against all orders of y within each group, or many random ones.

    Where the groups have up to 100,000 joint orders, all of them are counted, else as many random ones.

    Args:
        pairs: x and y, (n,) each, of every group.
        seed: of the random orders.

    >>> joint_permutation([([1, 2, 3, 4], [4, 3, 2, 1])])  # one of 24 orders
    JointTest(correlation=-1.0, below=0.041666666666666664, above=1.0)
    """
    columns = [tuple(_unit(ranks(each)) for each in pair) for pair in pairs]
    observed = float(np.mean([x @ y for x, y in columns]))
    orders = math.prod(math.factorial(len(y)) for _, y in columns)
    if orders <= JOINT:
        sums = np.zeros(1)
        for x, y in columns:
            sums = np.add.outer(sums, np.array(list(permutations(y))) @ x).ravel()
        found, own = sums / len(columns), 0
    else:
        random = np.random.default_rng(seed)
        found = np.zeros(JOINT)
        for x, y in columns:
            found += random.permuted(np.tile(y, (JOINT, 1)), axis=1) @ x / len(columns)
        own = 1  # the observed order is one of those possible: no p-value is zero
    # Ties with the observed value count, whatever rounding says.
    tails = (found <= observed + 1e-9).sum(), (found >= observed - 1e-9).sum()
    below, above = (float((own + tail) / (own + found.size)) for tail in tails)
    return JointTest(observed, below, above)


def _unit(values: Floats) -> Floats:
    """Centred and of length 1; zeros where all are equal."""
    centred = values - values.mean()
    length = float(np.linalg.norm(centred))
    return centred / length if length > 0 else centred

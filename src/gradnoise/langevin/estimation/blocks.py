"""Errors of means over correlated steps: blocks of several correlation times, of all replicas."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradnoise.langevin.estimation.convergence import memory
from gradnoise.langevin.estimation.trajectories import Floats, as_replicas, centred, centred_columns

CORRELATION_TIMES = 5  # in a block, at least

FEWEST = 20  # blocks of all replicas, from which an error is worth its name: it is known to 16 %

MOST = 256  # blocks of all replicas: an error known to 5 %

COLUMNS = 16  # looked at together


class Blocks(NamedTuple):
    """How the steps of every replica are cut.

    Attributes:
        edges: first step and last + 1 of each block of a replica, which are of one length but for rounding.
        replicas: that are cut so.
        reliable: whether there are enough blocks, and each is long enough, for a standard error.
    """

    edges: list[tuple[int, int]]
    replicas: int
    reliable: bool

    @property
    def lengths(self) -> Floats:
        """Steps of every block, replica by replica."""
        return np.tile([float(last - first) for first, last in self.edges], self.replicas)


def cut(count: int, span: float, replicas: int) -> Blocks:
    """Blocks of `count` steps of each replica.

    Args:
        count: of steps.
        span: steps after which a trajectory has forgotten.
        replicas: their number.
    """
    whole = int(count / (CORRELATION_TIMES * max(span, 1.0)))
    number = int(np.clip(whole, 1, max(1, MOST // replicas)))
    edges = np.linspace(0, count, number + 1).astype(int)
    reliable = whole >= 1 and number * replicas >= FEWEST
    return Blocks(list(pairwise(edges.tolist())), replicas, reliable)


def error_of_mean(means: Floats, blocks: Blocks) -> NDArray[np.float64]:
    """Standard error of the mean of block means (blocks, ...); NaN where there are too few of them."""
    if not blocks.reliable:
        return np.full(means.shape[1:], np.nan)
    return np.asarray(means.std(0, ddof=1) / np.sqrt(len(means)))


def jointly(trajectory: ArrayLike) -> tuple[Floats, float]:
    """The centred trajectory (replicas, steps, d), and the steps its slowest column needs to forget.

    Raises:
        ValueError: for more than 16 columns, fewer than 8 steps, or a column that is constant or not finite.
    """
    values = centred(as_replicas(trajectory, widest=COLUMNS))
    spans = np.array([memory(rows).span for rows in centred_columns(values)])
    if np.isnan(spans).any():
        raise ValueError(f"trajectory: column {np.isnan(spans).argmax()} is constant or not finite")
    return values, float(spans.max())


def window_products(values: Floats, points: int, blocks: Blocks) -> Floats:
    """Sums of z z^T over the windows z of `points` successive positions that begin in each block.

    Args:
        values: (replicas, steps, d).
        points: m, positions of a window.
        blocks: of steps - m + 1 windows a replica.

    Returns:
        float64 (blocks of all replicas, m d, m d), positions in order of time.
    """
    d = values.shape[2]
    found = np.empty((len(values), len(blocks.edges), points, d, points, d))
    for replica, of_replica in zip(values, found, strict=True):
        for (first, last), product in zip(blocks.edges, of_replica, strict=True):
            shifted = [replica[first + point : last + point] for point in range(points)]
            for i, one in enumerate(shifted):
                for j, other in enumerate(shifted[: i + 1]):
                    product[i, :, j] = one.T @ other
                    product[j, :, i] = product[i, :, j].T
    return found.reshape(-1, points * d, points * d)


def ratio_error(numerator: Floats, denominator: Floats, span: float) -> float:
    """Standard error of mean(numerator) / mean(denominator), of values recorded together, over the ratio.

    Args:
        numerator, denominator: (replicas, steps), with positive means.
        span: steps after which they have forgotten.
    """
    blocks = cut(numerator.shape[1], span, len(numerator))
    # What moves the ratio is what moves one mean and not the other.
    apart = numerator / numerator.mean() - denominator / denominator.mean()
    starts = [first for first, _ in blocks.edges]
    means = np.add.reduceat(apart, starts, axis=1).ravel() / blocks.lengths
    return float(error_of_mean(means[:, None], blocks)[0])

"""Circulation and irreversibility measured on recorded trajectories."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from gradnoise.langevin.estimation.blocks import (
    Blocks,
    cut,
    error_of_mean,
    jointly,
    window_products,
)
from gradnoise.langevin.estimation.convergence import memory
from gradnoise.langevin.estimation.trajectories import (
    Floats,
    as_replicas,
    centred_columns,
)


class MatrixEstimate(NamedTuple):
    """An estimated array and its standard error, NaN where there are fewer than 20 blocks."""

    value: Floats
    standard_error: Floats


class ScalarEstimate(NamedTuple):
    """An estimated number and its standard error, NaN where there are fewer than 20 blocks."""

    value: float
    standard_error: float


def estimate_area_rate(trajectory: ArrayLike) -> MatrixEstimate:
    """Rate E[x_i(t) x_j(t+1) - x_j(t) x_i(t+1)] / 2 at which each pair of columns sweeps area, per step.

    Ghanta, Neu and Teitsworth (2017), "Fluctuation loops in noise-driven linear dynamical systems". Zero in
    detailed balance. Errors come from blocks of at least five correlation times, of all replicas; they are NaN
    where there are fewer than 20 such blocks.

    Args:
        trajectory: (steps, d) or (replicas, steps, d), d at most 16, float32 or float64, without burn-in.

    Returns:
        `value` and `standard_error`, float64 (d, d), in the product of the columns' units; antisymmetric and
        symmetric.

    Raises:
        ValueError: for more than 16 columns, fewer than 8 steps, or a column that is constant or not finite.

    >>> white = np.random.default_rng(0).standard_normal((4, 500, 2))
    >>> area, error = estimate_area_rate(white)
    >>> area.shape, bool(abs(area[0, 1]) < 3 * error[0, 1])
    ((2, 2), True)
    """
    values, span = jointly(trajectory)
    blocks = cut(values.shape[1] - 1, span, len(values))
    d, lengths = values.shape[2], blocks.lengths
    products = window_products(values, 2, blocks)[:, :d, d:] / lengths[:, None, None]
    areas = (products - products.transpose(0, 2, 1)) / 2
    return MatrixEstimate(np.average(areas, 0, lengths), error_of_mean(areas, blocks))


def estimate_entropy_production(trajectory: ArrayLike, order: int = 1) -> ScalarEstimate:
    """Entropy production per step of a stationary Gaussian process, from covariances of successive points.

    KL_m is the relative entropy of m successive points to the same points in reverse order. The rate is KL_2 for
    a process of first order (SGD), KL_3 - KL_2 for one of second order (SGD with momentum, of which only the
    position is recorded); always zero for one column. Roldán and Parrondo (2010), "Estimating dissipation from
    single stationary trajectories". Near reversibility KL is twice a chi-square over the n steps, with a degree
    of freedom for each antisymmetric entry of the autocovariances of lag 1 to `order`: the bias
    order d (d - 1) / n is subtracted, so that the value may be negative. The standard error is the delete-one
    jackknife's over blocks of at least five correlation times, NaN for fewer than 20.

    Args:
        trajectory: (steps, d) or (replicas, steps, d), d at most 16, float32 or float64, without burn-in.
        order: 1, or 2 for momentum.

    Raises:
        ValueError: for another order, more than 16 columns, fewer than 8 steps, or columns that are constant, not
            finite or linearly dependent.

    >>> white = np.random.default_rng(0).standard_normal((4, 500, 2))
    >>> production, error = estimate_entropy_production(white)
    >>> bool(abs(production) < 3 * error)
    True
    """
    if order not in (1, 2):
        raise ValueError(f"order: found {order}; 1 or 2 is needed")
    values, span = jointly(trajectory)
    blocks = cut(values.shape[1] - order, span, len(values))
    rates = _rates(values, order, blocks)
    count = len(rates) - 1
    error = np.sqrt((count - 1) * rates[1:].var()) if blocks.reliable else np.nan
    return ScalarEstimate(float(rates[0]), float(error))


def entropy_production(values: Floats, order: int) -> float:
    """The value of `estimate_entropy_production` alone, without what its error costs.

    Args:
        values: float64 (replicas, steps, d), centred.
        order: 1, or 2 for momentum.
    """
    replicas, steps, _ = values.shape
    return float(_rates(values, order, Blocks([(0, steps - order)], replicas, False))[0])


def _rates(values: Floats, order: int, blocks: Blocks) -> Floats:
    """Entropy production of all blocks together; then, where errors are reliable, without each in turn."""
    replicas, steps, d = values.shape
    points, lengths = order + 1, blocks.lengths
    sums = window_products(values, points, blocks)
    total = sums.sum(0)
    means = total[None] / lengths.sum()
    if blocks.reliable:
        without = (total - sums) / (lengths.sum() - lengths)[:, None, None]
        means = np.concatenate([means, without])
    # A relative entropy has no units; columns of one size keep the covariances far from singular.
    scale = np.tile(np.sqrt(np.diag(means[0])[:d]), points)
    means = (means / np.outer(scale, scale)).reshape(-1, points, d, points, d)
    rates = _divergences(means)
    if order == 2:
        rates = rates - _divergences(means[:, :2, :, :2])
    return rates - order * d * (d - 1) / (replicas * steps)


def _divergences(means: Floats) -> Floats:
    """KL of m successive points from their reverse, from mean products (blocks, m, d, m, d)."""
    points, d = means.shape[1:3]
    # Blocks of equal lag are averaged over their two mirror images: the ends of the recording differ, and
    # where the columns are slow that difference would count as irreversibility.
    mirrored = means[:, ::-1, :, ::-1].transpose(0, 3, 2, 1, 4)
    forward = (means + mirrored) / 2
    shape = (-1, points * d, points * d)
    reverse = forward[:, ::-1, :, ::-1].reshape(shape)
    try:
        ratio = np.linalg.solve(reverse, forward.reshape(shape))
    except np.linalg.LinAlgError as error:
        raise ValueError("trajectory: columns depend linearly on each other") from error
    return np.asarray((np.trace(ratio, axis1=1, axis2=2) - points * d) / 2)


def estimate_third_order_asymmetry(trajectory: ArrayLike) -> MatrixEstimate:
    """E[x_t^2 x_{t+1} - x_t x_{t+1}^2] of each column about its mean, zero where time can be reversed.

    Sees the irreversibility of skewed noise, to which covariances are blind: phi (1 - phi) k3 / (1 - phi^3) for an
    AR(1) whose innovations have the third cumulant k3. Lawrance (1991), "Directionality and reversibility in time
    series".

    Args:
        trajectory: (steps,), (steps, columns) or (replicas, steps, columns), without burn-in.

    Returns:
        `value` and `standard_error`, float64 (columns,), in cubes of the columns' units; errors from blocks of at
        least five correlation times. NaN for a constant column.

    Raises:
        ValueError: for fewer than 8 steps or another number of axes.
    """
    values = as_replicas(trajectory)
    found = np.full((2, values.shape[2]), np.nan)
    for i, rows in enumerate(centred_columns(values)):
        span = memory(rows).span
        if not np.isnan(span):
            now, then = rows[:, :-1], rows[:, 1:]
            products = now * then * (now - then)
            blocks = cut(products.shape[1], span, len(rows))
            starts = [first for first, _ in blocks.edges]
            means = np.add.reduceat(products, starts, axis=1).ravel() / blocks.lengths
            found[:, i] = products.mean(), error_of_mean(means[:, None], blocks)[0]
    return MatrixEstimate(*found)

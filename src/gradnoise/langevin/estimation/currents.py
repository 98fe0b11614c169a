"""Circulation and irreversibility measured on recorded trajectories."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradnoise.langevin.estimation.convergence import memory
from gradnoise.langevin.estimation.trajectories import Floats, as_replicas, centred, centred_columns

COLUMNS = 16


CORRELATION_TIMES = 5  # in a block, at least


BLOCKS = 256  # of all replicas: an error known to 5 %


class MatrixEstimate(NamedTuple):
    """An estimated array and its standard error, NaN where there are fewer than two blocks."""

    value: Floats
    standard_error: Floats


class ScalarEstimate(NamedTuple):
    """An estimated number and its standard error, NaN where there are fewer than two blocks."""

    value: float
    standard_error: float


def _edges(count: int, span: float, replicas: int) -> list[tuple[int, int]]:
    """Bounds of equal blocks of `count` values, each several correlation times long."""
    most = max(1, BLOCKS // replicas)
    blocks = int(np.clip(count / (CORRELATION_TIMES * max(span, 1.0)), 1, most))
    edges = np.linspace(0, count, blocks + 1).astype(int)
    return list(pairwise(edges))


def _joint(trajectory: ArrayLike) -> tuple[Floats, float]:
    """The centred trajectory (replicas, steps, d), and the steps its slowest column needs to forget."""
    values = centred(as_replicas(trajectory, widest=COLUMNS))
    spans = np.array([memory(rows).span for rows in centred_columns(values)])
    if np.isnan(spans).any():
        raise ValueError(f"trajectory: column {np.isnan(spans).argmax()} is constant or not finite")
    return values, float(spans.max())


def estimate_area_rate(trajectory: ArrayLike) -> MatrixEstimate:
    """Rate E[x_i(t) x_j(t+1) - x_j(t) x_i(t+1)] / 2 at which each pair of columns sweeps area, per step.

    Ghanta, Neu and Teitsworth (2017), "Fluctuation loops in noise-driven linear dynamical systems". Zero in
    detailed balance. Errors come from blocks of at least five correlation times, of all replicas.

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
    values, span = _joint(trajectory)
    edges = _edges(values.shape[1] - 1, span, values.shape[0])
    products = np.array([x[a:b].T @ x[a + 1 : b + 1] / (b - a) for x in values for a, b in edges])
    areas = (products - products.transpose(0, 2, 1)) / 2
    lengths = np.tile([b - a for a, b in edges], len(values))
    return MatrixEstimate(np.average(areas, 0, lengths), _block_error(areas))


def _block_error(blocks: Floats) -> Floats:
    """Standard error of the mean over the first axis."""
    if len(blocks) < 2:
        return np.full(blocks.shape[1:], np.nan)
    return np.asarray(blocks.std(0, ddof=1) / np.sqrt(len(blocks)))


def estimate_entropy_production(trajectory: ArrayLike, order: int = 1) -> ScalarEstimate:
    """Entropy production per step of a stationary Gaussian process, from covariances of successive points.

    KL_m is the relative entropy of m successive points to the same points in reverse order. The rate is KL_2 for
    a process of first order (SGD), KL_3 - KL_2 for one of second order (SGD with momentum, of which only the
    position is recorded); always zero for one column. Roldán and Parrondo (2010), "Estimating dissipation from
    single stationary trajectories". Near reversibility KL is twice a chi-square over the n steps, with a degree
    of freedom for each antisymmetric entry of the autocovariances of lag 1 to `order`: the bias
    order d (d - 1) / n is subtracted, so that the value may be negative. The standard error is the delete-one
    jackknife's over blocks of at least five correlation times.

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
    values, span = _joint(trajectory)
    # A relative entropy has no units; columns of one size keep the covariances far from singular.
    values /= np.sqrt((values**2).mean((0, 1)))
    replicas, steps, d = values.shape
    edges = _edges(steps - order, span, replicas)
    divergences = _divergences(values, order + 1, edges)
    if order == 2:
        divergences = divergences - _divergences(values, 2, edges)
    value, without = divergences[0], divergences[1:]
    blocks = len(without)
    error = np.sqrt((blocks - 1) * without.var()) if blocks > 1 else np.nan
    return ScalarEstimate(float(value - order * d * (d - 1) / (replicas * steps)), float(error))


def _divergences(values: Floats, points: int, edges: list[tuple[int, int]]) -> Floats:
    """KL of `points` successive points from their reverse: of all blocks, then without each in turn."""
    d, last = values.shape[2], values.shape[1] - points + 1
    sums = []
    for x in values:
        windows = np.concatenate([x[k : k + last] for k in range(points)], 1)
        sums += [windows[a:b].T @ windows[a:b] for a, b in edges]
    lengths = np.tile([float(b - a) for a, b in edges], len(values))
    total = np.sum(sums, 0)
    without = (total - sums) / (lengths.sum() - lengths)[:, None, None] if len(sums) > 1 else []
    blocks = np.array([total / lengths.sum(), *without]).reshape(-1, points, d, points, d)
    # Blocks of equal lag are averaged over their two mirror images: the ends of the recording differ, and
    # where the columns are slow that difference would count as irreversibility.
    mirrored = blocks[:, ::-1, :, ::-1].transpose(0, 3, 2, 1, 4)
    forward = (blocks + mirrored) / 2
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
            starts = [a for a, _ in _edges(products.shape[1], span, len(rows))]
            lengths = np.diff([*starts, products.shape[1]])
            blocks = np.add.reduceat(products, starts, axis=1) / lengths
            found[:, i] = products.mean(), _block_error(blocks.reshape(-1, 1))[0]
    return MatrixEstimate(*found)


BINS = 8


WIDTH = 2.4  # standard deviations to either side


class Current(NamedTuple):
    """Mean motion in cells of a plane.

    Attributes:
        first, second: float64 (BINS,), centres of the cells along the two directions.
        drift: float64 (BINS, BINS, 2), mean of (x(t+1) - x(t-1)) / 2 in each cell; NaN in empty ones.
        error: float64 (BINS, BINS, 2), its standard error as if steps were independent.
        predicted: float64 (BINS, BINS, 2), of a Gaussian process with these moments.
        steps: int64 (BINS, BINS), in each cell.
    """

    first: NDArray[np.float64]
    second: NDArray[np.float64]
    drift: NDArray[np.float64]
    error: NDArray[np.float64]
    predicted: NDArray[np.float64]
    steps: NDArray[np.int64]


def current(
    positions: NDArray[np.floating], area_rate: NDArray[np.float64], covariance: NDArray[np.float64]
) -> Current:
    """Mean symmetric velocity in cells of a plane; times the density it is the probability current.

    In a stationary process without currents the mean of x(t+1) - x(t-1) given x(t) is zero. In a Gaussian one it
    is -2 A S^-1 x, with the area rate A and the covariance S of the two directions (whatever the others do).

    Args:
        positions: (replicas, steps, 2).
        area_rate: float64 (2, 2), exact, per step.
        covariance: float64 (2, 2), exact.
    """
    centred = positions.astype(np.float64) - positions.mean(axis=(0, 1), dtype=np.float64)
    motion = ((centred[:, 2:] - centred[:, :-2]) / 2).reshape(-1, 2)
    now = centred[:, 1:-1].reshape(-1, 2)
    edges = now.std(axis=0)[:, None] * np.linspace(-WIDTH, WIDTH, BINS + 1)

    def cells(weights: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        return np.histogram2d(now[:, 0], now[:, 1], [edges[0], edges[1]], weights=weights)[0]

    count = cells()
    moments = [[cells(motion[:, axis] ** power) for axis in range(2)] for power in (1, 2)]
    with np.errstate(invalid="ignore", divide="ignore"):
        first, second = (np.moveaxis(np.array(each), 0, -1) / count[..., None] for each in moments)
        error = np.sqrt(np.maximum(second - first**2, 0) / count[..., None])
    centres = (edges[:, 1:] + edges[:, :-1]) / 2
    grid = np.stack(np.meshgrid(*centres, indexing="ij"), axis=-1)
    predicted = -grid @ (area_rate @ np.linalg.pinv(np.nan_to_num(covariance))).T
    return Current(centres[0], centres[1], first, error, predicted, count.astype(np.int64))

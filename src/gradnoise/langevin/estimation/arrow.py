"""The arrow of time: does a film of SGD run forward or backward? A test of detailed balance that has power."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from gradnoise.langevin.estimation.blocks import cut, jointly, window_products
from gradnoise.langevin.estimation.trajectories import Floats
from gradnoise.langevin.theory.currents import entropy_production_of, window_covariance

NEGLIGIBLE = 1e-9  # nats per step, below which a predicted entropy production is rounding


class ArrowOfTime(NamedTuple):
    """Log-odds that a trajectory runs forward in time, under a predicted law.

    Attributes:
        log_odds: nats, of the whole trajectory forward against backward.
        standard_error: of the log-odds, from blocks of steps; NaN where there are fewer than 20, or where the
            predicted law is in detailed balance, so that there is no arrow to look for.
        score: log-odds over that error: Gaussian with variance 1 for any law that time can be reversed of.
        expected: log-odds if the prediction holds: entropy production times steps.
        amplitude: log-odds over the expected ones, 1 if the prediction holds.
        amplitude_error: of the trajectory and of the prediction together.
    """

    log_odds: float
    standard_error: float
    score: float
    expected: float
    amplitude: float
    amplitude_error: float


def arrow_of_time(
    trajectory: ArrayLike, lags: ArrayLike, left_out: ArrayLike | None = None
) -> ArrowOfTime:
    """Log-odds of a trajectory forward against backward in time, if its law were the predicted Gaussian one.

    Of m successive positions z, q_m(z) = z^T K_m^-1 z / 2 is their predicted log-likelihood but for its sign and
    a constant; the log-odds are the sum of q_m(z reversed) - q_m(z) over all windows of m = 2 (a law of first
    order: SGD) or of m = 3 less that of m = 2 over the pairs that windows share (second order: with momentum,
    where only the position is recorded). They change sign when the trajectory is reversed: their mean is zero
    under any law in detailed balance, however wrong the prediction, and under the predicted law it is the entropy
    produced in all steps. Linear in the currents, unlike `estimate_entropy_production`, they do not drown in a
    bias of their own.

    Roldán and Parrondo (2010), Phys. Rev. Lett. 105, 150607, for the entropy production as a relative entropy.

    Args:
        trajectory: (steps, d) or (replicas, steps, d), d at most 16, float32 or float64, without burn-in.
        lags: predicted covariances E x(t + k) x(t)^T, (m, d, d), as of `theory.stationary.lag_covariances`.
        left_out: (parts, m, d, d), the same predicted with one independent part of what was measured left out in
            turn, for the jackknife error of the prediction; None where the prediction is exact.

    Raises:
        ValueError: for another m, sizes that do not fit, more than 16 columns, fewer than 8 steps, or a column
            that is constant or not finite.

    >>> from gradnoise.langevin.theory.stationary import lag_covariances
    >>> noise = [[1.0, 0.6], [0.6, 1.0]]
    >>> lags = lag_covariances(np.diag([1.0, 0.2]), noise, learning_rate=0.1, points=2)
    >>> white = np.random.default_rng(0).standard_normal((4, 5000, 2))
    >>> bool(abs(arrow_of_time(white, lags).score) < 3)
    True
    """
    predicted = np.asarray(lags, np.float64)
    values, span = jointly(trajectory)
    d = values.shape[2]
    if predicted.shape not in ((2, d, d), (3, d, d)):
        raise ValueError(
            f"lags: found shape {predicted.shape} for {d} columns; (m, {d}, {d}) with m = 2 or 3 is needed"
        )
    scale = np.sqrt(np.diag(predicted[0]))
    products = _products(values / scale, len(predicted), span)
    units = np.outer(scale, scale)
    blocks = _log_odds(products.windows, predicted / units)
    total, expected = float(blocks.sum()), _expected(predicted, *values.shape[:2])
    error = np.nan
    if products.reliable and expected > NEGLIGIBLE * values.shape[0] * values.shape[1]:
        error = float(np.sqrt(len(blocks)) * blocks.std(ddof=1))
    with np.errstate(divide="ignore", invalid="ignore"):
        amplitude = np.float64(total) / expected
        spread = np.hypot(
            error / expected, _prediction_error(products, units, left_out, values.shape)
        )
        score = np.float64(total) / error
    return ArrowOfTime(total, error, float(score), expected, float(amplitude), float(spread))


class _Products(NamedTuple):
    """Sums of z z^T by block, of windows of m and, for m = 3, of the pairs that these share."""

    windows: list[Floats]
    reliable: bool


def _products(values: Floats, points: int, span: float) -> _Products:
    replicas, steps, _ = values.shape
    blocks = cut(steps - points + 1, span, replicas)
    windows = [window_products(values, points, blocks)]
    if points == 3:
        *edges, (first, last) = blocks.edges
        inner = blocks._replace(edges=[*edges, (first, last - 1)])
        windows.append(window_products(values[:, 1:-1], 2, inner))
    return _Products(windows, blocks.reliable)


def _log_odds(products: list[Floats], lags: Floats) -> Floats:
    """Log-odds of every block, from its products."""
    odds = [
        np.einsum("bij,ij->b", each, _weights(lags[: len(lags) - place]))
        for place, each in enumerate(products)
    ]
    return odds[0] - odds[1] if len(odds) > 1 else odds[0]


def _weights(lags: Floats) -> Floats:
    """The symmetric matrix D of q(z reversed) - q(z) = z^T D z."""
    inverse = np.linalg.inv(window_covariance(lags))
    d = lags.shape[1]
    shape = (len(lags), d, len(lags), d)
    reverse = inverse.reshape(shape)[::-1, :, ::-1].reshape(inverse.shape)
    return np.asarray((reverse - inverse) / 2)


def _expected(lags: Floats, replicas: int, steps: int) -> float:
    """Mean log-odds under the predicted law."""
    rate = entropy_production_of(lags)
    if len(lags) == 2:
        return replicas * (steps - 1) * rate
    # Of the first window there is no pair to subtract.
    return replicas * ((steps - 2) * rate + entropy_production_of(lags[:2]))


def _prediction_error(
    products: _Products, units: Floats, left_out: ArrayLike | None, shape: tuple[int, ...]
) -> float:
    """Jackknife error of the amplitude over predictions."""
    if left_out is None:
        return 0.0
    totals = [each.sum(0, keepdims=True) for each in products.windows]
    amplitudes = np.array(
        [
            _log_odds(totals, lags / units)[0] / _expected(lags, shape[0], shape[1])
            for lags in np.asarray(left_out, np.float64)
        ]
    )
    return float(np.sqrt((len(amplitudes) - 1) * amplitudes.var()))

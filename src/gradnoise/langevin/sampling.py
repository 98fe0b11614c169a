"""Beyond independent, constant noise: batches without replacement, and noise that grows with the distance."""

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import gammaln, xlogy

from gradnoise.langevin.mapping import check

SMALLEST_INDEX = 1e-5  # stands for 0 where the sign of a derivative there is asked
REACH = 12.0  # standard deviations, beyond which a Gaussian is below e^-72


class WithoutReplacement(NamedTuple):
    """Variance of plain SGD on one mode with a fresh permutation in every epoch.

    Attributes:
        epoch_end: after whole epochs.
        epoch_average: mean over an epoch's steps.
    """

    epoch_end: float
    epoch_average: float


def without_replacement_variance(
    sample_count: int,
    batch_size: int,
    curvature: float,
    learning_rate: float,
    sample_variance: float = 1.0,
) -> WithoutReplacement:
    """Exact variance along one eigenvector where the batches of an epoch share no sample.

    Two of them correlate by -B / (N - B), so the noise of an epoch adds up to zero where B divides N.

    Modes that relax slower than an epoch are suppressed, without any curvature dependence of the noise (see Kuehn and
    Rosenow, arXiv:2306.05300).

    Args:
        sample_count: N.
        batch_size: B; an epoch is floor(N / B) steps, and what a permutation leaves over is dropped.
        curvature: h.
        learning_rate: eta, with 0 < eta h < 2.
        sample_variance: of a single sample's gradient over the N samples, divided by N.

    Raises:
        ValueError: where the step is unstable or an epoch has fewer than two steps.
    """
    check(learning_rate, 0.0)
    shrink = 1 - learning_rate * curvature
    if not -1 < shrink < 1:
        raise ValueError(
            f"unstable: learning rate {learning_rate:g} times curvature {curvature:g} is "
            f"{learning_rate * curvature:g}; the stability limits are 0 and 2"
        )
    steps = sample_count // batch_size
    if steps < 2:
        raise ValueError(
            f"batch_size: found {batch_size}; at most {sample_count // 2}, half the samples"
        )
    unit = learning_rate**2 * sample_variance / batch_size * sample_count / (sample_count - 1)
    weights = shrink ** np.arange(steps)
    first, second = np.cumsum(weights), np.cumsum(weights**2)
    grown = unit * (second - first**2 * batch_size / sample_count)
    # The same after a whole epoch, where slow modes would cancel to nothing but rounding.
    left_over = first[-1] ** 2 * (1 / steps - batch_size / sample_count)
    grown[-1] = unit * (np.sum((weights - weights.mean()) ** 2) + left_over)
    decay = shrink ** (2 * np.arange(1, steps + 1))
    end = grown[-1] / (1 - decay[-1])
    return WithoutReplacement(float(end), float(np.mean(decay * end + grown)))


def multiplicative_variance(
    learning_rate: float, batch_size: int, label_noise: float = 1.0
) -> float:
    """Variance of SGD on (x theta - y)^2 / 2 with standard normal x: (eta s^2 / B) / (2 - eta (1 + 2 / B)).

    Infinite from eta = 2 / (1 + 2 / B) on, before the mean is unstable at 2.

    Args:
        learning_rate: eta.
        batch_size: B.
        label_noise: standard deviation s of y given x.
    """
    check(learning_rate, 0.0)
    divisor = 2 - learning_rate * (1 + 2 / batch_size)
    return learning_rate * label_noise**2 / batch_size / divisor if divisor > 0 else np.inf


def kesten_tail_index(batch_size: int, learning_rate: float) -> float:
    """Tail index of theta in that regression, P(|theta| > x) ~ x^-alpha: the root of E|1 - eta a|^alpha = 1.

    a is the mean of x^2 over a batch, chi-square. Kesten (1973); so theta is heavy-tailed though the gradient noise has
    every moment.

    Raises:
        ValueError: where theta has no stationary law (E ln|1 - eta a| >= 0), or an argument is not positive.
    """
    check(learning_rate, 0.0)
    if batch_size < 1:
        raise ValueError(f"batch_size: found {batch_size}; at least 1 is needed")
    smallest = _log_moment(SMALLEST_INDEX, batch_size, learning_rate)
    if smallest >= 0:
        raise ValueError(
            f"learning_rate: found {learning_rate:g}; theta has no stationary law there, its logarithm grows by "
            f"{smallest / SMALLEST_INDEX:.3g} a step"
        )
    # The logarithm of a moment is convex in its index and 0 at 0: one root follows where it is negative.
    lower, upper = SMALLEST_INDEX, 1.0
    while _log_moment(upper, batch_size, learning_rate) < 0:
        lower, upper = upper, 2 * upper
    arguments = batch_size, learning_rate
    return float(brentq(_log_moment, lower, upper, arguments, xtol=1e-8, rtol=1e-10))


def _log_moment(index: float, batch_size: int, learning_rate: float) -> float:
    """ln E|1 - eta a|^index, a the mean of `batch_size` squared standard normals; the moment itself may overflow."""
    size, rate = float(batch_size), learning_rate
    constant = np.log(2) + xlogy(size / 2, size / 2) - gammaln(size / 2)

    def log_integrand(root: float) -> float:
        # a = root^2: no singularity at 0 for a single sample.
        density = constant + xlogy(size - 1, root) - size * root**2 / 2
        return float(density + xlogy(index, abs(1 - rate * root**2)))

    # On either side of the kink the integrand is log-concave, its maximum solves
    # B eta a^2 - ((B - 1 + 2 index) eta + B) a + B - 1 = 0, and it falls at least as fast as a Gaussian of variance 1/B.
    middle = ((size - 1 + 2 * index) * rate + size) / 2
    far = (middle + np.sqrt(middle**2 - size * (size - 1) * rate)) / (size * rate)
    near = (size - 1) / (size * rate * far)
    kink, reach = 1 / np.sqrt(rate), REACH / np.sqrt(size)
    logarithms = []
    for peak, low, high in ((np.sqrt(near), 0.0, kink), (np.sqrt(far), kink, np.inf)):
        edges = max(low, peak - reach), peak, min(high, peak + reach)
        logarithms.append(_log_integral(log_integrand, edges))
    return float(np.logaddexp(*logarithms))


def _log_integral(logarithm: Callable[[float], float], edges: tuple[float, float, float]) -> float:
    """ln of the integral of exp(logarithm) from the first edge to the last; the middle one is its maximum."""
    top = logarithm(edges[1])
    parts = [
        quad(lambda x: np.exp(logarithm(x) - top), low, high, limit=200, epsabs=0, epsrel=1e-11)[0]
        for low, high in pairwise(edges)
        if low < high
    ]
    return float(top + np.log(sum(parts)))

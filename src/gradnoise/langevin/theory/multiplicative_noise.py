"""Noise that grows with the distance: linear regression, its variance and its tails."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import gammaln

from gradnoise.errors import whole
from gradnoise.langevin.theory.mapping import check

LARGEST_INDEX = 1e4


def multiplicative_variance(
    learning_rate: float, batch_size: int, label_noise: float = 1.0
) -> float:
    """Variance of SGD on (x theta - y)^2 / 2 with standard normal x: (eta s^2 / B) / (2 - eta (1 + 2 / B)).

    Infinite from eta = 2 / (1 + 2 / B) on, before the mean is unstable at 2.

    Args:
        learning_rate: eta.
        batch_size: B.
        label_noise: standard deviation s of y given x.

    >>> round(multiplicative_variance(learning_rate=0.5, batch_size=8), 6)
    0.045455
    """
    check(learning_rate, 0.0)
    whole("batch_size", batch_size)
    divisor = 2 - learning_rate * (1 + 2 / batch_size)
    return learning_rate * label_noise**2 / batch_size / divisor if divisor > 0 else np.inf


def kesten_tail_index(batch_size: int, learning_rate: float) -> float:
    """Tail index of theta in that regression, P(|theta| > x) ~ x^-alpha: the root of E|1 - eta a|^alpha = 1.

    a is the mean of x^2 over a batch, chi-square. Kesten (1973); so theta is heavy-tailed though the gradient noise has
    every moment.

    Args:
        batch_size: B.
        learning_rate: eta, times the variance 1 of x.

    Raises:
        ValueError: where theta has no stationary law (E ln|1 - eta a| >= 0), or an argument is not positive.

    Source: Kesten, Acta Math. 131 (1973) 207; for SGD Gurbuzbalaban, Simsekli and Zhu (arXiv:2006.04740).

    >>> round(kesten_tail_index(batch_size=1, learning_rate=2 / 3), 6)
    2.0
    """
    check(learning_rate, 0.0)
    whole("batch_size", batch_size)
    growth = _mean(lambda factor: np.log(np.maximum(factor, 1e-300)), batch_size, learning_rate)
    if growth >= 0:
        raise ValueError(
            f"learning_rate: found {learning_rate:g}; theta has no stationary law there, its logarithm grows by "
            f"{growth:.3g} a step"
        )

    def excess(index: float) -> float:
        return _mean(lambda factor: factor**index, batch_size, learning_rate) - 1

    upper = 1.0
    while excess(upper) < 0:
        upper *= 2
        if upper > LARGEST_INDEX:
            return np.inf
    return float(brentq(excess, _negative(excess, upper), upper, xtol=1e-8))


def _negative(excess: Callable[[float], float], upper: float) -> float:
    """A point at which a function that is 0 at 0, falls and then rises is negative."""
    lower = upper / 2
    while excess(lower) >= 0:
        lower /= 2
    return lower


def _mean(function: Callable[[float], float], batch_size: int, learning_rate: float) -> float:
    """E f(|1 - eta a|), a the mean of `batch_size` squared standard normals."""
    shape = batch_size / 2

    def integrand(root: float) -> float:
        # a = root^2: no singularity at 0 for a single sample.
        value = root**2
        log_density = (
            shape * np.log(shape) - gammaln(shape) + (2 * shape - 1) * np.log(root) - shape * value
        )
        return float(2 * np.exp(log_density) * function(abs(1 - learning_rate * value)))

    kink = 1 / np.sqrt(learning_rate)
    # The integrand's peak moves out with the power: E |1 - eta a|^alpha is dominated by large a.
    edges = sorted({1e-12, kink, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0})
    parts = [
        quad(integrand, low, high, limit=200, epsabs=1e-13, epsrel=1e-11)[0]
        for low, high in pairwise(edges)
    ]
    return float(sum(parts))

"""Density, moments and quantiles of SGD on a diagonal linear network, and the temperature at which it collapses."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradnoise.balance.population import Law, check_population, gradient_noise_at_zero
from gradnoise.balance.stationary import Chains, Line
from gradnoise.errors import whole

Floats = NDArray[np.float64]


class Moments(NamedTuple):
    """Of a stationary law.

    Attributes:
        mean: of v.
        variance: of v, infinite where it diverges.
    """

    mean: float
    variance: float


def diagonal_density(
    v: ArrayLike,
    depth: int,
    temperature: float,
    slope: float = 1.0,
    label_noise: float = 1.0,
    inputs: Law = "rademacher",
    width: int = 1,
) -> Floats:
    """Stationary density of v under SGD on (v x - y)^2 / 2 with y = slope x + noise of deviation `label_noise`.

    The law of the stochastic differential equation, with batches drawn independently, for balanced factors: at
    depth 0 on the whole line, deeper on the side of the slope, 0 elsewhere.

    Args:
        v: values, any shape.
        depth: hidden layers D; a chain has D + 1 factors.
        temperature: T, learning rate over batch size.
        slope: k.
        label_noise: standard deviation s of y given x.
        inputs: "rademacher" (±1) or "gaussian" (standard normal).
        width: identical chains whose products add up to v.

    Returns:
        float64 of v's shape, normalised; NaN where v is NaN.

    Raises:
        ValueError: where no density is normalisable (depth 1 from `critical_temperature` on, or no slope at depth 1
            and more), or an argument is out of range.

    Source: Ziyin, Li and Ueda, arXiv:2308.06671.

    >>> diagonal_density([-1.0, 0.5], depth=1, temperature=1.0).round(6)
    array([0.      , 0.483941])
    """
    sign, law = _law(depth, temperature, slope, label_noise, inputs, width)
    values = np.asarray(v, np.float64)
    return law.density(sign * values.ravel()).reshape(values.shape)


def diagonal_cdf(
    v: ArrayLike,
    depth: int,
    temperature: float,
    slope: float = 1.0,
    label_noise: float = 1.0,
    inputs: Law = "rademacher",
    width: int = 1,
) -> Floats:
    """Probability of a smaller product under the law of `diagonal_density`.

    Args:
        v: values, any shape.
        depth, temperature, slope, label_noise, inputs, width: as there.

    Returns:
        float64 of v's shape.

    Raises:
        ValueError: as there.

    >>> diagonal_cdf([-1.0, 1.0, 3.0], depth=1, temperature=2 / 3).round(6)
    array([0.      , 0.77687 , 0.988891])
    """
    sign, law = _law(depth, temperature, slope, label_noise, inputs, width)
    below = law.cdf(sign * np.asarray(v, np.float64))
    return below if sign > 0 else 1 - below


def diagonal_quantiles(
    probabilities: ArrayLike,
    depth: int,
    temperature: float,
    slope: float = 1.0,
    label_noise: float = 1.0,
    inputs: Law = "rademacher",
    width: int = 1,
) -> Floats:
    """Products below which these probabilities lie under the law of `diagonal_density`.

    Args:
        probabilities: each above 0 and below 1, any shape.
        depth, temperature, slope, label_noise, inputs, width: as there.

    Returns:
        float64 of their shape.

    Raises:
        ValueError: as there, or for a probability out of range.

    >>> float(diagonal_quantiles(0.5, depth=1, temperature=2 / 3).round(6))
    0.462098
    """
    chances = np.asarray(probabilities, np.float64)
    if not np.all((chances > 0) & (chances < 1)):
        raise ValueError("probabilities: found values outside (0, 1); accepted: between 0 and 1")
    sign, law = _law(depth, temperature, slope, label_noise, inputs, width)
    return sign * law.quantiles(chances if sign > 0 else 1 - chances)


def diagonal_moments(
    depth: int,
    temperature: float,
    slope: float = 1.0,
    label_noise: float = 1.0,
    inputs: Law = "rademacher",
    width: int = 1,
) -> Moments:
    """Mean and variance of v under the law of `diagonal_density`.

    Args:
        depth, temperature, slope, label_noise, inputs, width: as there.

    Returns:
        Named tuple of floats; at depth 0 the variance for normal inputs is infinite from T = 1 on.

    Raises:
        ValueError: as there.

    >>> mean, variance = diagonal_moments(depth=2, temperature=0.2)
    >>> round(mean, 6), round(variance, 6)
    (0.819186, 0.230066)
    """
    sign, law = _law(depth, temperature, slope, label_noise, inputs, width)
    mean, variance = law.moments()
    return Moments(sign * mean, variance)


def critical_temperature(
    slope: float = 1.0, label_noise: float = 1.0, inputs: Law = "rademacher"
) -> float:
    """T_c = 2 |k| / Var(xy), from which on v goes to 0 at depth 1 (one hidden layer), whatever the width.

    Args:
        slope, label_noise, inputs: as for `diagonal_density`.

    Returns:
        Learning rate over batch size.

    Raises:
        ValueError: for arguments out of range.

    >>> critical_temperature(slope=1.0, label_noise=2.0)
    0.5
    """
    check_population(slope, label_noise, inputs, depth=1)
    return 2 * abs(slope) / gradient_noise_at_zero(slope, label_noise, inputs)


# A law's grid serves every further question about it.
@lru_cache(maxsize=64)
def _law(
    depth: int, temperature: float, slope: float, label_noise: float, inputs: Law, width: int
) -> tuple[float, Line | Chains]:
    """The law, of a positive slope, and the sign that turns v to its side."""
    depth, width = whole("depth", depth, least=0), whole("width", width)
    check_population(slope, label_noise, inputs, depth)
    if not 0 < temperature < np.inf:
        raise ValueError(f"temperature: found {temperature:g}; it must be positive and finite")
    sign = -1.0 if slope < 0 else 1.0
    if depth == 0:
        return sign, Line(temperature * width, abs(slope), label_noise, inputs)
    if depth == 1:
        limit = critical_temperature(slope, label_noise, inputs)
        if temperature >= limit:
            raise ValueError(
                f"temperature: found {temperature:g}; at depth 1 a stationary density needs one below the critical "
                f"temperature {limit:.6g}: from there on v goes to 0"
            )
    return sign, Chains(depth, temperature, abs(slope), label_noise, inputs, width)

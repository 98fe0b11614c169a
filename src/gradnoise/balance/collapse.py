"""The transition at depth 1 in steps of finite length: how fast ln v grows or falls near 0.

For v -> 0 a step multiplies it by (1 + eta m)^2, m the mean of x y over a batch; inputs are ±1. The stochastic
differential equation has the rate 2 k - T s^2 per unit of eta x steps, which is 0 at the critical temperature.
"""

import numpy as np
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import gammaln

from gradnoise.balance.diagonal import critical_temperature
from gradnoise.balance.population import Law, check_law, check_population
from gradnoise.errors import whole

REACH = 12.0  # standard deviations: beyond, a normal law has no mass that counts


def growth_rate(
    learning_rate: float,
    batch_size: int = 1,
    slope: float = 1.0,
    label_noise: float = 1.0,
    noise: Law = "rademacher",
) -> float:
    """Mean change of ln v a step near v = 0 at depth 1, 2 E ln|1 + eta m|, exactly; inputs ±1.

    Args:
        learning_rate: eta.
        batch_size: B.
        slope, label_noise: |k| and s of y = k x + noise.
        noise: of the labels, "rademacher" (±s) or "gaussian".

    Returns:
        Per step; negative where v collapses.

    Raises:
        ValueError: for arguments out of range.

    >>> round(growth_rate(4 / 900, label_noise=30.0), 6)
    -0.008909
    """
    check_population(slope, label_noise, "rademacher", depth=1)
    check_law("noise", noise)
    batch_size = whole("batch_size", batch_size)
    centre, spread = 1 + learning_rate * abs(slope), learning_rate * label_noise
    if noise == "gaussian":
        return 2 * _mean_logarithm(centre, spread / float(np.sqrt(batch_size)))
    positive = np.arange(batch_size + 1)
    odds = gammaln(batch_size + 1) - gammaln(positive + 1) - gammaln(batch_size - positive + 1)
    factors = centre + spread * (2 * positive - batch_size) / batch_size
    with np.errstate(divide="ignore"):
        logarithms = np.log(np.abs(factors))
    return float(2 * np.exp(odds - batch_size * np.log(2)) @ logarithms)


def critical_learning_rate(
    batch_size: int = 1, slope: float = 1.0, label_noise: float = 1.0, noise: Law = "rademacher"
) -> float:
    """The learning rate from which on v collapses at depth 1, the first root of `growth_rate`; inputs ±1.

    Near the batch size times the critical temperature where steps are short. For single samples and labels ±s it is
    2 k / (s^2 - k^2).

    Args:
        batch_size, slope, label_noise, noise: as there.

    Returns:
        eta.

    Raises:
        ValueError: where the noise is too weak for v to collapse (labels ±s: s <= |k|), or for arguments out of range.

    >>> round(critical_learning_rate(slope=1.0, label_noise=3.0), 6)
    0.25
    """
    population = batch_size, slope, label_noise, noise
    guess = whole("batch_size", batch_size) * critical_temperature(slope, label_noise)
    check_law("noise", noise)
    if noise == "rademacher":
        if label_noise <= abs(slope):
            raise ValueError(
                f"label_noise: found {label_noise:g}; more than |slope| = {abs(slope):g} is needed for v to collapse"
            )
        # Up to here all factors are positive, so the rate is concave, and here it is -inf.
        high = (1 - 1e-15) / (label_noise - abs(slope))
        low = min(guess, high) / 10
        while growth_rate(low, *population) <= 0:
            low /= 2
    else:
        rates = guess * np.geomspace(0.01, 100, 400)
        falling = [rate for rate in rates if growth_rate(rate, *population) < 0]
        if not falling:
            raise ValueError(
                f"label_noise: found {label_noise:g}; too weak for v to collapse from slope {slope:g} in batches of "
                f"{batch_size}"
            )
        high = falling[0]
        low = high / 1.03
    return float(brentq(growth_rate, low, high, args=population, xtol=1e-15, rtol=1e-12))


def _mean_logarithm(centre: float, spread: float) -> float:
    """E ln|centre + spread z|, z standard normal."""
    pole = -centre / spread
    accuracy = {"epsabs": 1e-13, "epsrel": 1e-11, "limit": 400}
    if abs(pole) >= REACH:
        return float(
            quad(
                lambda z: np.log(abs(centre + spread * z)) * _normal(z), -REACH, REACH, **accuracy
            )[0]
        )
    # The logarithm of the distance to the pole is the quadrature's own weight, on each side of it.
    below = quad(_normal, -REACH, pole, weight="alg-logb", wvar=(0, 0), **accuracy)[0]
    above = quad(_normal, pole, REACH, weight="alg-loga", wvar=(0, 0), **accuracy)[0]
    return float(np.log(spread) + below + above)


def _normal(z: float) -> float:
    return float(np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi))

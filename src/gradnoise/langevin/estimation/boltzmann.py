"""The Boltzmann density of a measured slice of the loss, against the Gaussian."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar

from gradnoise.langevin.estimation.convergence import effective_sample_size
from gradnoise.langevin.estimation.trajectories import Floats


class BoltzmannComparison(NamedTuple):
    """Maximum likelihood temperature, and the evidence for exp(-U / T) against the Gaussian."""

    temperature: float  #: in units of the loss
    temperature_error: float
    log_likelihood_ratio: float  #: Boltzmann less Gaussian, over the effective sample size
    log_likelihood_ratio_error: float  #: Vuong's (1989)
    bic_difference: float  #: Gaussian less Boltzmann: positive for Boltzmann
    effective_sample_size: float


def _slice(positions: ArrayLike, losses: ArrayLike) -> tuple[Floats, Floats]:
    """The slice in float64, its smallest loss subtracted."""
    x, loss = np.asarray(positions, np.float64), np.asarray(losses, np.float64)
    if x.ndim != 1 or x.shape != loss.shape or x.size < 3:
        raise ValueError(
            f"slice: found shapes {x.shape} and {loss.shape}; two of (points,) are needed"
        )
    if not (np.diff(x) > 0).all() or not np.isfinite(loss).all():
        raise ValueError("slice: ascending positions and finite losses are needed")
    return x, loss - loss.min()


def _log_normaliser(x: Floats, loss: Floats, temperature: float) -> float:
    """ln of the integral of exp(-loss / temperature), exact for a loss that is linear between points."""
    left, right = loss[:-1] / temperature, loss[1:] / temperature
    gap = right - left
    small = abs(gap) < 1e-6
    factor = np.where(small, 1 - gap / 2, -np.expm1(-gap) / np.where(small, 1.0, gap))
    return math.log(float((np.diff(x) * np.exp(-left) * factor).sum()))


def boltzmann_density(positions: ArrayLike, losses: ArrayLike, temperature: float) -> Floats:
    """Density exp(-U(x) / T) / Z at the points of a slice, zero outside, float64 (points,).

    Args:
        positions: (points,), ascending.
        losses: U at the positions, (points,); between them U is taken as linear.
        temperature: T, in units of the loss.

    Raises:
        ValueError: for a slice that is not ascending and finite, or a temperature that is not positive.
    """
    _check_temperature(temperature)
    x, loss = _slice(positions, losses)
    return np.exp(-loss / temperature - _log_normaliser(x, loss, temperature))


def _check_temperature(temperature: float) -> None:
    if not temperature > 0:
        raise ValueError(f"temperature: found {temperature:g}; it must be positive")


def compare_boltzmann(
    positions: ArrayLike,
    losses: ArrayLike,
    samples: ArrayLike,
    effective_size: float | None = None,
) -> BoltzmannComparison:
    """Fit exp(-U / T), T its only parameter, to a trajectory along a slice, and compare it with a Gaussian.

    The likelihood is concave in 1 / T; T is infinite where samples lie higher than even ones would. Correlated
    samples count as their effective number: the mean log-likelihood ratio is multiplied by it, and BIC uses it.
    Samples near an end of the slice should be rare: the density is cut off there and the Gaussian is not.

    Args:
        positions: (points,), ascending, from below the smallest sample to above the largest.
        losses: at the positions, (points,).
        samples: the trajectory's coordinate along the slice, (steps,) or (replicas, steps), stationary.
        effective_size: number of independent samples; None to estimate it by the autocorrelation time.

    Raises:
        ValueError: for a slice that is not ascending and finite, does not hold all samples, or is flat at them.
    """
    x, loss = _slice(positions, losses)
    values = np.asarray(samples, np.float64)
    if effective_size is None:
        effective_size = float(effective_sample_size(np.atleast_2d(values)[:, :, None])[0])
    energy = _energies(x, loss, values.ravel())
    temperature = _maximum_likelihood(x, loss, float(energy.mean()))
    boltzmann = -energy / temperature - _log_normaliser(x, loss, temperature)
    difference = boltzmann - _gaussian_log_density(values.ravel())
    ratio = effective_size * float(difference.mean())
    return BoltzmannComparison(
        temperature,
        # The information on T of one sample is the variance of the loss over T^4.
        temperature**2 / (float(_energy_spread(x, loss, temperature)) * math.sqrt(effective_size)),
        ratio,
        math.sqrt(effective_size) * float(difference.std()),
        2 * ratio + math.log(effective_size),
        effective_size,
    )


def _energies(x: Floats, loss: Floats, values: Floats) -> Floats:
    """The loss at samples that all lie on the slice."""
    outside = int(((values < x[0]) | (values > x[-1]) | np.isnan(values)).sum())
    if outside:
        raise ValueError(f"samples: {outside} of {values.size} lie outside the slice or are NaN")
    return np.interp(values, x, loss)


def _gaussian_log_density(values: Floats) -> Floats:
    """Of the Gaussian with the samples' own mean and variance."""
    z = (values - values.mean()) / values.std()
    return np.asarray(-0.5 * z**2 - math.log(values.std() * math.sqrt(2 * math.pi)))


def _maximum_likelihood(x: Floats, loss: Floats, mean_energy: float) -> float:
    """The temperature at which the mean log density of samples of this mean energy is largest."""
    if not mean_energy > 0:
        raise ValueError("samples: the loss is flat at all of them, so that no temperature fits")
    if mean_energy >= np.trapezoid(loss, x) / (x[-1] - x[0]):  # of an even density
        return math.inf

    def deficit(logarithm: float) -> float:
        temperature = math.exp(logarithm)
        return mean_energy / temperature + _log_normaliser(x, loss, temperature)

    middle = math.log(mean_energy)  # T is a times it where the loss grows as |x|^a
    found = minimize_scalar(
        deficit, bounds=(middle - 10, middle + 20), method="bounded", options={"xatol": 1e-9}
    )
    return math.exp(float(found.x))


def _energy_spread(x: Floats, loss: Floats, temperature: float) -> NDArray[np.float64]:
    """Standard deviation of the loss under the Boltzmann density."""
    weights = np.gradient(x) * np.exp(-loss / temperature)
    weights /= weights.sum()
    return np.sqrt(weights @ loss**2 - (weights @ loss) ** 2)

"""Temperatures of single modes, from positions and from velocities."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradnoise.langevin.estimation.blocks import ratio_error
from gradnoise.langevin.estimation.convergence import memory
from gradnoise.langevin.estimation.trajectories import Floats, centred_columns
from gradnoise.langevin.theory.mapping import langevin_parameters
from gradnoise.langevin.theory.stationary import stability_limit


class Temperatures(NamedTuple):
    """Of every mode, float64 (k,), in units of the loss but for the ratio; errors are standard errors."""

    temperature: Floats
    temperature_error: Floats
    kinetic_temperature: Floats
    kinetic_temperature_error: Floats
    kinetic_ratio: Floats  #: kinetic over configurational
    kinetic_ratio_error: Floats


def mode_temperatures(
    positions: NDArray[np.floating],
    velocities: NDArray[np.floating],
    curvature: Floats,
    curvature_error: Floats,
    learning_rate: float,
    momentum: float,
) -> Temperatures:
    """Temperatures h Var(x) and Var(v) / dt^2 of modes, both times 1 - eta h / (2 (1 + mu)).

    The last factor takes out what finite steps add, so that both are the Langevin temperature
    eta c / (2 (1 - mu)) of noise c whatever eta h is (science of heavy-ball SGD on a quadratic; Liu, Ziyin and Ueda,
    arXiv:2012.03636); dt is the corrected mapping's time step. The ratio needs no such factor: it is 1 in that
    mapping, for every step, and 2 / (1 + mu) in the published one.

    Args:
        positions, velocities: (replicas, steps, k) along eigenvectors.
        curvature, curvature_error: (k,), h with weight decay, and its standard error.
        learning_rate: eta.
        momentum: mu.
    """
    step = langevin_parameters(learning_rate, momentum).time_step
    rows = zip(centred_columns(positions), centred_columns(velocities), curvature, strict=True)
    found = np.array([_mode(x, v) for x, v, _ in rows]).reshape(-1, 5).T
    variance, variance_error, speed, speed_error, ratio_spread = found
    shrink = 1 - learning_rate * curvature / stability_limit(momentum)
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = curvature_error / curvature
        # Of h (1 - eta h / 2 (1 + mu)), and of the factor alone.
        of_product = relative * (2 * shrink - 1) / shrink
        of_factor = relative * (shrink - 1) / shrink
        configurational, kinetic = curvature * variance * shrink, speed / step**2 * shrink
        ratio = kinetic / configurational
    return Temperatures(
        configurational,
        np.abs(configurational) * np.hypot(variance_error, of_product),
        kinetic,
        np.abs(kinetic) * np.hypot(speed_error, of_factor),
        ratio,
        np.abs(ratio) * np.hypot(ratio_spread, relative),
    )


def _mode(position: Floats, velocity: Floats) -> tuple[float, float, float, float, float]:
    """Variances of both, each with its relative error, and the relative error of their ratio."""
    x, v = memory(position), memory(velocity)
    spread = np.nan
    if x.variance > 0 and v.variance > 0:
        spread = ratio_error(velocity**2, position**2, max(x.span, v.span))
    errors = (float(np.sqrt(2 * each.squares / position.size)) for each in (x, v))
    return x.variance, next(errors), v.variance, next(errors), spread

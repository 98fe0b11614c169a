"""The Langevin oscillator behind heavy-ball SGD, read off a fitted AR(2)."""

from typing import NamedTuple

import numpy as np

from gradnoise.langevin.estimation.autoregression import (
    AutoregressionFit,
    check_learning_rate,
    root_radius,
)
from gradnoise.langevin.estimation.trajectories import Floats


class UnderdampedParameters(NamedTuple):
    """Langevin oscillator behind heavy-ball SGD; float64 arrays of shape (columns,)."""

    time_step: Floats  #: dt, sqrt(2 eta / (1 + mu))
    friction: Floats  #: gamma, per unit of Langevin time
    frequency: Floats  #: of the oscillation, radians per step; 0 where overdamped
    decay: Floats  #: of the amplitude, per step


def underdamped_parameters(
    fit: AutoregressionFit, learning_rate: float = 1.0
) -> UnderdampedParameters:
    """Friction, oscillation and decay of the Langevin dynamics behind an AR(2) fit.

    gamma dt = 2 (1 - mu) / (1 + mu) and dt^2 = 2 eta / (1 + mu): the leapfrog discretisation whose steps are
    those of heavy-ball SGD. The recursion oscillates where (1 - sqrt mu)^2 < eta h < (1 + sqrt mu)^2, with
    cos w = (1 + mu - eta h) / (2 sqrt mu) and an amplitude falling as mu^(k/2); elsewhere its slowest root
    decays.

    Args:
        fit: of order 2.
        learning_rate: that of the fit.

    Raises:
        ValueError: for a fit of order 1 or a learning rate that is not positive.
    """
    check_learning_rate(learning_rate)
    if fit.coefficients.shape[1] != 2:
        raise ValueError("fit: found order 1; friction needs a fit of order 2")
    first, second = fit.coefficients.T
    oscillates = first**2 + 4 * second < 0
    amplitude = np.where(oscillates, np.sqrt(np.maximum(-second, 0)), 1.0)
    frequency = np.arccos(np.where(oscillates, first / (2 * amplitude), 1.0))
    time_step = np.sqrt(2 * learning_rate / (1 + fit.momentum))
    friction = 2 * (1 - fit.momentum) / (1 + fit.momentum) / time_step
    return UnderdampedParameters(
        time_step, friction, frequency, -np.log(root_radius(first, second))
    )

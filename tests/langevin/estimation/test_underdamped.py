"""The Langevin oscillator behind an AR(2)."""

import math

import numpy as np
import pytest

from example_descents import heavy_ball
from gradnoise.langevin.estimation.autoregression import fit_autoregression
from gradnoise.langevin.estimation.underdamped import underdamped_parameters


@pytest.mark.parametrize(
    ("relaxation", "frequency", "continuum"), [(0.1, 0.32175, 0.32015), (2, 1.6235, 1.4500)]
)
def test_oscillation_has_its_discrete_frequency(
    relaxation: float, frequency: float, continuum: float
) -> None:
    fit = fit_autoregression(heavy_ball(100_000, 1, relaxation, 0.9), 2)
    assert underdamped_parameters(fit).frequency == pytest.approx(frequency, rel=3e-3)
    exact = fit._replace(
        momentum=np.array([0.9]), coefficients=np.array([[1.9 - relaxation, -0.9]])
    )
    found = underdamped_parameters(exact, learning_rate=0.2)
    assert found.frequency == pytest.approx(frequency, rel=1e-4)
    assert found.decay == pytest.approx(-math.log(0.9) / 2)
    assert found.time_step == pytest.approx(math.sqrt(0.4 / 1.9))
    assert found.friction * found.time_step == pytest.approx(0.2 / 1.9)
    assert math.sqrt(2 * relaxation / 1.9 - (0.1 / 1.9) ** 2) == pytest.approx(continuum, rel=1e-4)


def test_overdamped_motion_does_not_oscillate() -> None:
    found = underdamped_parameters(fit_autoregression(heavy_ball(50_000, 3, 0.001, 0.5), 2))
    assert (found.frequency == 0).all()
    assert found.decay == pytest.approx(0.002, rel=0.3)


def test_friction_needs_the_second_order() -> None:
    with pytest.raises(ValueError, match="order 1"):
        underdamped_parameters(fit_autoregression(heavy_ball(100, 2, 0.5)))

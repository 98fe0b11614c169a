"""Temperatures of modes, on quadratics of known noise."""

import numpy as np
import pytest

from gradnoise.langevin.predictions import StepRule
from gradnoise.langevin.surrogates import commuting_trajectory
from gradnoise.langevin.temperatures import mode_temperatures

CURVATURES, NOISE, RATE = np.array([9.0, 4.0, 0.7]), np.array([2.0, 0.3, 1.5]), 0.1


def found(momentum: float, steps: int = 20_000, seed: int = 0, error: float = 0.0):
    """Of four replicas."""
    rule = StepRule(RATE, momentum, False, 0.0, 8, "with_replacement", 100)
    random = np.random.default_rng(seed)
    path = commuting_trajectory(CURVATURES, NOISE, rule, np.empty((4, steps + 1, 3)), random)
    return mode_temperatures(
        path[:, 1:], np.diff(path, axis=1), CURVATURES, error * CURVATURES, RATE, momentum
    )


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_both_temperatures_are_langevins_whatever_the_step(momentum: float) -> None:
    made, exact = found(momentum), RATE * NOISE / (2 * (1 - momentum))
    assert np.all(np.abs(made.temperature - exact) < 4 * made.temperature_error)
    assert np.all(np.abs(made.kinetic_temperature - exact) < 4 * made.kinetic_temperature_error)
    assert np.all(made.temperature_error < 0.1 * exact)
    assert np.all(np.abs(made.kinetic_ratio - 1) < 4 * made.kinetic_ratio_error)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_errors_are_the_scatter_over_trajectories(momentum: float) -> None:
    many = [found(momentum, 1500, seed) for seed in range(150)]
    for name in ("temperature", "kinetic_temperature", "kinetic_ratio"):
        values = np.array([getattr(each, name) for each in many])
        errors = np.array([getattr(each, f"{name}_error") for each in many])
        assert np.nanmean(errors, axis=0) == pytest.approx(values.std(axis=0), rel=0.25)


def test_an_error_of_the_curvature_enters_by_its_derivative() -> None:
    exact, vague = found(0.0), found(0.0, error=0.2)
    # d ln (h (1 - a h)) / d ln h = (1 - 2 a h) / (1 - a h), a = eta / 2.
    half = RATE * CURVATURES / 2
    for name, slope in (
        ("temperature", (1 - 2 * half) / (1 - half)),
        ("kinetic_temperature", half / (1 - half)),
        ("kinetic_ratio", np.ones(3)),
    ):
        own, both = (getattr(each, f"{name}_error") for each in (exact, vague))
        expected = np.hypot(own, 0.2 * slope * getattr(exact, name))
        assert both == pytest.approx(expected, rel=1e-6)


def test_a_mode_that_does_not_move_has_no_ratio() -> None:
    still = np.zeros((2, 100, 1))
    made = mode_temperatures(still, still, np.ones(1), np.zeros(1), 0.1, 0.0)
    assert np.isnan(made.kinetic_ratio).all()

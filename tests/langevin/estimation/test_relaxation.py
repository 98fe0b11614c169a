"""Autocorrelation, displacement and diffusion of recorded trajectories."""

import math

import numpy as np
import pytest
from statsmodels.tsa.stattools import acf

from example_descents import heavy_ball
from gradnoise.langevin.estimation.relaxation import (
    diffusion_exponent,
    mean_squared_displacement,
    measured_autocorrelation,
    random_walk_spectrum,
)


def test_displacement_of_white_steps_is_diffusive() -> None:
    walk = np.random.default_rng(0).standard_normal((200, 500, 3)).cumsum(1)
    lags = np.array([1, 10, 100, 400])
    found = mean_squared_displacement(walk, lags)
    assert found.value / (3 * lags) == pytest.approx(1, abs=0.25)
    assert (abs(found.value - 3 * lags) < 4 * found.standard_error).all()
    everywhere = mean_squared_displacement(walk, lags, average_origins=True)
    assert (abs(everywhere.value - 3 * lags) < 4 * everywhere.standard_error).all()
    assert everywhere.standard_error[0] < found.standard_error[0] / 5
    slope = diffusion_exponent(lags, found.per_replica)
    assert abs(slope.overall - 1) < 4 * slope.overall_error < 0.2
    assert (abs(slope.local - 1) < 4 * slope.local_error).all()


@pytest.mark.parametrize(("power", "exponent"), [(2.0, 0.50), (3.0, 0.334), (1.5, 0.654)])
def test_many_modes_diffuse_anomalously(power: float, exponent: float) -> None:
    curvature = np.arange(1, 20_001.0) ** -power
    variance = 0.5 / (2 - 0.5 * curvature)
    lags = np.geomspace(1e2, 4e5, 20)
    moved = [float(2 * variance @ -np.expm1(t * np.log1p(-0.5 * curvature))) for t in lags]
    found = diffusion_exponent(lags, moved)
    if power == 2:
        assert found.overall == pytest.approx(exponent, abs=0.02)
    assert found.local[:8].mean() == pytest.approx(exponent, abs=0.02)
    assert math.isnan(found.overall_error)


def test_spectrum_of_a_random_walk() -> None:
    assert random_walk_spectrum(3) == pytest.approx([0.608, 0.152, 0.068], abs=5e-4)
    assert random_walk_spectrum(100_000).sum() == pytest.approx(1, abs=1e-5)


def test_autocorrelation_is_that_of_statsmodels() -> None:
    column = heavy_ball(500, 1, 0.1, 0.9)
    expected = acf(column[:, 0], nlags=40, adjusted=True)
    assert measured_autocorrelation(column[None], 40)[0] == pytest.approx(expected, abs=1e-10)


def test_lags_out_of_range_are_named() -> None:
    with pytest.raises(ValueError, match="lags"):
        mean_squared_displacement(heavy_ball(100, 2, 0.5), [100])

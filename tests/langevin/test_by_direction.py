"""Rows of the recorded directions, on quadratics with known answers."""

import numpy as np
import pytest

from example_trajectories import HESSIAN, analysed, eigenvectors
from gradnoise.langevin.results import TABLE, TABLES


@pytest.mark.parametrize("variant", ["plain", "momentum", "isotropic"])
def test_measured_variances_are_what_curvature_and_noise_predict(variant: str) -> None:
    rows = eigenvectors(variant)
    score = (rows["variance"] - rows["predicted_variance"]) / rows["variance_error"]
    assert np.all(np.abs(score) < 4)
    assert np.allclose(rows["curvature"], np.diag(HESSIAN))
    assert np.allclose(rows["velocity_variance"], rows["predicted_velocity_variance"], rtol=0.05)
    assert rows["stationary"].all()


def test_fits_find_the_order_the_curvature_and_the_momentum() -> None:
    plain = eigenvectors("plain")
    error = plain["first_curvature_error"]
    assert np.all(np.abs(plain["first_curvature"] - plain["curvature"]) < 4 * error)
    assert (plain["order"] == 1).all()
    heavy = eigenvectors("momentum")
    assert (heavy["order"] == 2).all()
    assert np.allclose(heavy["second_momentum"], 0.9, atol=0.02)
    assert np.all(heavy["first_curvature"] < 0.7 * heavy["curvature"])
    assert np.allclose(
        heavy["autocorrelation_time"][-1],
        heavy["predicted_autocorrelation_time"][-1],
        rtol=0.3,
    )


def test_the_continuous_reading_of_an_autoregression_is_high() -> None:
    rows = eigenvectors("plain")
    step = 0.1 * rows["first_curvature"]
    assert np.allclose(0.1 * rows["ornstein_uhlenbeck_curvature"], -np.log(1 - step))
    assert np.all(rows["ornstein_uhlenbeck_curvature"] > rows["first_curvature"])


def test_momentum_oscillates_at_the_predicted_frequency() -> None:
    rows = eigenvectors("momentum")
    assert np.allclose(rows["frequency"][:2], rows["predicted_frequency"][:2], rtol=0.1)


def test_temperatures_of_position_and_velocity_agree_for_small_steps() -> None:
    rows = eigenvectors("momentum")
    kinetic = rows["velocity_variance"] / rows["kinetic_time_step"] ** 2
    assert np.allclose(kinetic, rows["predicted_temperature"], rtol=0.1)


def test_a_drifting_trajectory_is_never_called_stationary() -> None:
    rows = eigenvectors("moving")
    assert not rows["stationary"].any()


def test_directions_that_are_no_eigenvectors_have_no_prediction() -> None:
    rows = analysed("plain").directions
    other = rows["kind"] == b"random"
    assert other.sum() == 1
    assert np.isnan(rows["curvature"][other]).all()
    assert np.isnan(rows["predicted_variance"][other]).all()
    assert np.isfinite(rows["variance"][other]).all()


def test_rows_have_the_declared_columns_in_their_order() -> None:
    assert list(analysed("plain").directions) == [column.name for column in TABLES[TABLE]]


def test_boltzmanns_law_in_a_parabola_has_the_temperature_of_the_variance() -> None:
    rows = eigenvectors("isotropic")
    # h Var(x), with the loss measured along the same line.
    expected = rows["curvature"] * rows["variance"]
    # The law is fitted to the first replica, the variance is of all of them.
    error = np.hypot(
        rows["boltzmann_temperature_error"], rows["curvature"] * rows["variance_error"]
    )
    assert np.all(np.abs(rows["boltzmann_temperature"] - expected) < 4 * error)
    assert np.all(error < 0.2 * expected)

"""Rows of the recorded directions, on quadratics with known answers."""

import numpy as np
import pytest
from scipy.stats import kurtosis

from example_trajectories import HESSIAN, SETTINGS, analysed, eigenvectors, recorded
from gradnoise.langevin.analysis import analyse
from gradnoise.langevin.by_direction import describe
from gradnoise.langevin.variables import TABLE, TABLES
from gradnoise.trajectory.store import SLICE_WIDTH


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


def test_a_small_drift_is_found_by_the_test_where_there_is_one() -> None:
    """By a tenth of a unit, a deviation or so of the steepest direction and a fraction of that of the flattest."""
    rows = describe(recorded(steps=4000, drift=0.1), 20)
    pvalues = rows["stationarity_pvalue"]
    assert np.isfinite(pvalues).all()
    assert (pvalues[:3] < 0.05).all()
    assert (pvalues[3:] > 0.05).all()
    assert rows["stationary"].tolist() == [False, False, False, True, True]


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


def test_the_distance_of_the_minimum_is_in_standard_deviations_with_its_sign() -> None:
    made = recorded(steps=400)
    shifts = np.array([0.3, -0.7, 0.0, 1.2])
    distance = made.slices["slice_distance"]
    deviation = distance[:, -1:] / SLICE_WIDTH
    losses = 0.3 + np.diag(HESSIAN)[:, None] * (distance - shifts[:, None] * deviation) ** 2
    made.slices["slice_loss"] = losses
    found = analyse(made, SETTINGS)
    rows = found.directions
    assert rows["minimum_distance"][:4] == pytest.approx(shifts)
    assert rows["minimum_distance_error"][:4] == pytest.approx(
        1 / np.sqrt(rows["effective_sample_size"][:4])
    )
    assert found.numbers["peak_distance"] == pytest.approx(1.2)
    made.slices["slice_loss"] = -losses
    assert np.isinf(analyse(made, SETTINGS).directions["minimum_distance"][:4]).all()


def test_boltzmanns_law_is_fitted_to_all_replicas() -> None:
    made = recorded(commuting=True, learning_rate=0.015, steps=3000)
    rows = analyse(made, SETTINGS).directions
    fewer = analyse(made._replace(position=made.position[:1]), SETTINGS).directions
    error, wider = (each["boltzmann_temperature_error"][:4] for each in (rows, fewer))
    assert np.all(error < 0.6 * wider)


def test_predictions_have_jackknife_errors_and_temperatures_theirs() -> None:
    made = recorded(steps=3000)
    factors = np.array([0.9, 1.1])
    made = made._replace(
        hessian=made.hessian * factors[:, None, None],
        noise_covariance=made.noise_covariance * factors[::-1, None, None],
    )
    rows = analyse(made, SETTINGS).directions
    for name in ("curvature", "noise_variance"):
        assert rows[f"{name}_error"][:4] == pytest.approx(0.1 * rows[name][:4])
        assert np.isnan(rows[f"{name}_error"][4])
    # eta c / 2 h: of noise and curvature that move apart.
    relative = rows["continuous_variance_error"][:4] / rows["continuous_variance"][:4]
    low, high = 1.1 / 0.9, 0.9 / 1.1
    assert relative == pytest.approx((low - high) / 2, rel=1e-2)
    assert np.all(rows["temperature_error"][:4] > 0)
    exact = 0.1 * rows["noise_variance"][:4] / 2
    assert rows["predicted_temperature"][:4] == pytest.approx(exact)
    assert np.all(np.abs(rows["temperature"][:4] - exact) < 4 * rows["temperature_error"][:4])


def test_nesterovs_momentum_has_no_temperature_of_this_mapping() -> None:
    rows = analyse(recorded(steps=300, nesterov=True, momentum=0.5), SETTINGS).directions
    assert np.isnan(rows["temperature"]).all()
    assert np.isnan(rows["kinetic_ratio"]).all()


def test_predictions_of_a_direction_by_hand() -> None:
    """Snapshots that differ, skewed noise, weight decay: a mean of them, per mini-batch, closed for every mode."""
    made, decay, batch, rate = recorded(steps=400, weight_decay=0.3), 0.3, 8, 0.1
    random = np.random.default_rng(5)
    factors = np.array([0.7, 1.2])[:, None, None]
    third = random.gamma(2.0, size=(2, 5))
    made = made._replace(
        hessian=made.hessian * factors,
        noise_covariance=made.noise_covariance * factors[::-1] ** 2,
        noise_third_moment=third,
    )
    rows = analyse(made, SETTINGS).directions
    h = made.hessian.mean(axis=0).diagonal()[:4] + decay
    c = made.noise_covariance.mean(axis=0).diagonal()[:4] / batch
    # The innovation is -eta times the gradient's noise, of which a mean over a batch has 1 / B^2 of the third cumulant.
    shrink, cumulant = 1 - rate * h, -(rate**3) * third.mean(axis=0)[:4] / batch**2
    expected = {
        "curvature": h,
        "noise_variance": c,
        "predicted_variance": rate * c / (h * (2 - rate * h)),
        "continuous_variance": rate * c / (2 * h),
        "predicted_velocity_variance": 2 * rate**2 * c / (2 - rate * h),
        "predicted_temperature": rate * c / 2,
        "predicted_autocorrelation_time": (2 - rate * h) / (rate * h),
        "predicted_asymmetry": shrink * (1 - shrink) * cumulant / (1 - shrink**3),
    }
    for name, values in expected.items():
        assert rows[name][:4] == pytest.approx(values), name
        assert np.isnan(rows[name][4])
    positions = made.position.astype(np.float64).reshape(-1, 5)
    assert rows["mean"] == pytest.approx(positions.mean(axis=0), rel=1e-5, abs=1e-6)
    assert rows["variance"] == pytest.approx(positions.var(axis=0), rel=1e-6)
    assert rows["kurtosis"] == pytest.approx(kurtosis(positions, fisher=False), rel=1e-6)
    speeds = made.velocity.astype(np.float64).reshape(-1, 5)
    assert rows["velocity_variance"] == pytest.approx(speeds.var(axis=0), rel=1e-6)
    assert rows["kinetic_time_step"] == pytest.approx(np.full(5, np.sqrt(2 * rate)))


def test_momentum_has_no_predicted_asymmetry_and_another_temperature() -> None:
    rows = analyse(recorded(steps=300, momentum=0.6), SETTINGS).directions
    assert np.isnan(rows["predicted_asymmetry"]).all()
    assert rows["predicted_temperature"][:4] == pytest.approx(
        0.1 * rows["noise_variance"][:4] / 0.8
    )
    assert rows["kinetic_time_step"] == pytest.approx(np.full(5, np.sqrt(0.2 / 1.6)))


def test_a_slice_is_through_the_mean_of_what_was_recorded() -> None:
    """Positions far from 0 have the temperature that they have around it."""
    made = recorded(steps=2000)
    moved = made._replace(position=made.position + np.float32(0.5))
    names = ("boltzmann_temperature", "boltzmann_temperature_error", "boltzmann_bic_difference")
    here, there = (analyse(each, SETTINGS).directions for each in (made, moved))
    for name in names:
        assert np.isfinite(here[name][:4]).all()
        assert there[name][:4] == pytest.approx(here[name][:4], rel=1e-3, abs=1e-2)


def test_what_is_too_short_to_be_tested_is_not_called_stationary() -> None:
    rows = analyse(recorded(steps=60, replicas=1), SETTINGS).directions
    unknown = np.isnan(rows["stationarity_pvalue"])
    assert unknown.any()
    assert not rows["stationary"][unknown].any()
    known = ~unknown
    assert (rows["stationary"] == (rows["stationarity_pvalue"] >= 0.05))[known].all()

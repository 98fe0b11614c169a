"""Predictions from measured Hessians and noise."""

import numpy as np
import pytest

from example_trajectories import HESSIAN, SETTINGS, noise, recorded
from gradnoise.langevin import predictions
from gradnoise.langevin.analysis import analyse
from gradnoise.langevin.predictions import Snapshots, StepRule
from gradnoise.langevin.theory.stationary import stationary_covariance
from gradnoise.langevin.theory.without_replacement import without_replacement_variance

RULE = StepRule(0.1, 0.0, False, 0.0, 8, "with_replacement", 1000)


def snapshots(scales: list[float]) -> Snapshots:
    """Snapshots of one Hessian, whose noise grows by these factors."""
    hessian = np.repeat(HESSIAN[None], len(scales), axis=0)
    spread = np.array([scale * noise(False) for scale in scales])
    return Snapshots(hessian, spread, np.ones((len(scales), 4)))


def test_a_mini_batch_has_the_mean_noise_over_its_size() -> None:
    system = predictions.quadratic(snapshots([1.0, 3.0]), RULE._replace(weight_decay=0.5))
    assert np.allclose(system.hessian, HESSIAN + 0.5 * np.eye(4))
    assert np.allclose(system.noise_covariance, 2 * noise(False) / 8)
    assert np.allclose(system.third_cumulant, 1 / 64)


def test_batches_without_replacement_have_the_smaller_noise_of_a_finite_population() -> None:
    independent = predictions.quadratic(snapshots([1.0]), RULE)
    shuffled = RULE._replace(sampling="epoch_shuffle")
    system = predictions.quadratic(snapshots([1.0]), shuffled)
    assert np.allclose(system.noise_covariance, independent.noise_covariance * 992 / 999)
    suppressed = np.diag(predictions.covariance(system, shuffled))
    assert np.all(suppressed < np.diag(predictions.covariance(independent, RULE)))


def test_without_replacement_there_are_variances_and_no_currents() -> None:
    rows, numbers, _ = analyse(recorded(sampling="epoch_shuffle"), SETTINGS)
    assert np.isnan(numbers["predicted_entropy_production"])
    assert np.isfinite(rows["predicted_variance"][:4]).all()


def test_the_error_of_a_prediction_is_the_jackknifes_over_snapshots() -> None:
    scales = np.array([1.0, 1.5, 3.0])
    # The variance is linear in the noise, so that the jackknife gives the standard error of the mean.
    single = np.diag(stationary_covariance(HESSIAN, noise(False) / 8, 0.1))
    expected = single * scales.std(ddof=1) / np.sqrt(3)
    parts = predictions.leaving_out(snapshots(list(scales)), RULE)
    left_out = [np.diag(predictions.covariance(each, RULE)) for each in parts]
    assert predictions.snapshot_error(left_out) == pytest.approx(expected)
    assert np.isnan(predictions.snapshot_error(predictions.leaving_out(snapshots([1.0]), RULE)))


def test_the_order_and_independence_follow_from_the_rule() -> None:
    assert (RULE.order, RULE._replace(momentum=0.9).order) == (1, 2)
    assert RULE.independent
    assert not RULE._replace(sampling="epoch_shuffle").independent


def test_an_unstable_system_has_no_covariance() -> None:
    system = predictions.quadratic(snapshots([1.0]), RULE)
    assert np.isnan(predictions.covariance(system, RULE._replace(learning_rate=1.0))).all()
    saddle = system._replace(hessian=-system.hessian)
    assert np.isnan(predictions.continuous_covariance(saddle, RULE)).all()


def test_variances_without_replacement_are_those_of_whole_epochs_of_plain_sgd() -> None:
    """1,000 samples in batches of 8, from the variance of single samples; not known with momentum."""
    shuffled = RULE._replace(sampling="epoch_shuffle", sample_count=1003)
    system = predictions.quadratic(snapshots([1.0, 2.0]), shuffled)
    assert np.allclose(system.noise_covariance, 1.5 * noise(False) / 8 * 995 / 1002)
    found = np.diag(predictions.covariance(system, shuffled))
    for index, (h, c) in enumerate(zip(np.diag(HESSIAN), np.diag(1.5 * noise(False)), strict=True)):
        expected = without_replacement_variance(1000, 8, h, 0.1, c).epoch_average
        assert found[index] == pytest.approx(expected)
    heavy = predictions.covariance(system, shuffled._replace(momentum=0.5))
    assert np.isnan(np.diag(heavy)).all()
    unstable = system._replace(hessian=np.diag([30.0, 2.0, -1.0, 0.5]))
    assert np.isnan(np.diag(predictions.covariance(unstable, shuffled))).tolist() == [
        *(True, False, True, False)
    ]


def test_chosen_snapshots_alone_are_averaged() -> None:
    measured = snapshots([1.0, 3.0, 8.0])
    third = np.arange(12.0).reshape(3, 4)
    measured = measured._replace(noise_third_moment=third)
    system = predictions.quadratic(measured, RULE, [0, 2])
    assert np.allclose(system.noise_covariance, 4.5 * noise(False) / 8)
    assert np.allclose(system.third_cumulant, third[[0, 2]].mean(axis=0) / 64)

"""The arrow of time of simulated SGD: known answers, antisymmetry, size and power."""

import numpy as np
import pytest

from example_descents import HESSIAN, LEARNING_RATE, NOISE, joint_descent, spread
from gradnoise.langevin.estimation.arrow import arrow_of_time
from gradnoise.langevin.theory.stationary import lag_covariances

STEPS, REPLICAS = 3000, 8
# Entropy production of the test system, and the relative entropy of three points to their reverse.
RATES = {0.0: 0.0305085, 0.9: 0.0852868}


def trajectories(count: int, momentum: float, noise: np.ndarray = NOISE) -> np.ndarray:
    """Independent ones, (count, replicas, steps, 2)."""
    made = joint_descent(STEPS, count * REPLICAS, momentum, noise)
    return made.reshape(count, REPLICAS, STEPS, 2)


def lags(momentum: float, noise: np.ndarray = NOISE) -> np.ndarray:
    """Predicted covariances of the test system."""
    points = 3 if momentum else 2
    return lag_covariances(HESSIAN, noise, LEARNING_RATE, momentum, points)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_the_mean_log_odds_are_the_entropy_produced(momentum: float) -> None:
    found = [arrow_of_time(each, lags(momentum)) for each in trajectories(150, momentum)]
    odds = np.array([each.log_odds for each in found])
    expected = found[0].expected
    assert expected / (REPLICAS * STEPS) == pytest.approx(RATES[momentum], rel=2e-3)
    assert odds.mean() == pytest.approx(expected, abs=4 * odds.std() / np.sqrt(150))
    errors = np.array([each.standard_error for each in found])
    assert spread(odds, errors, expected) == pytest.approx(1, abs=0.2)
    assert found[0].amplitude == pytest.approx(odds[0] / expected)
    assert found[0].amplitude_error == pytest.approx(errors[0] / expected)


def test_expected_log_odds_count_the_windows() -> None:
    # (n - 1) KL_2, and (n - 3) (KL_3 - KL_2) + KL_3: of five replicas.
    made = joint_descent(50, 5, 0.9, NOISE)
    assert arrow_of_time(made, lags(0.9)[:2]).expected == pytest.approx(5 * 49 * 0.338, rel=3e-3)
    kl_2 = arrow_of_time(made, lags(0.9)[:2]).expected / (5 * 49)
    expected = 5 * (48 * RATES[0.9] + kl_2)
    assert arrow_of_time(made, lags(0.9)).expected == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("replicas", [1, 3])
def test_log_odds_change_sign_when_time_is_reversed(momentum: float, replicas: int) -> None:
    made = joint_descent(777, replicas, momentum, NOISE)
    forward, backward = (arrow_of_time(each, lags(momentum)) for each in (made, made[:, ::-1]))
    assert abs(forward.log_odds) > 1
    assert forward.log_odds == pytest.approx(-backward.log_odds, rel=1e-10)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_reversible_laws_have_no_arrow_however_wrong_the_prediction(momentum: float) -> None:
    made = trajectories(300, momentum, np.diag([3.0, 0.4]))
    scores = np.array([arrow_of_time(each, lags(momentum)).score for each in made])
    assert scores.std() == pytest.approx(1, abs=0.15)
    assert abs(scores.mean()) < 0.2
    assert (np.abs(scores) > 1.96).mean() == pytest.approx(0.05, abs=0.035)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_broken_balance_is_found(momentum: float) -> None:
    (made,) = trajectories(1, momentum)
    assert arrow_of_time(made, lags(momentum)).score > 4
    assert arrow_of_time(made[:, ::-1], lags(momentum)).score < -4


def test_the_error_of_the_prediction_is_the_jackknifes() -> None:
    (made,) = trajectories(1, 0.0)
    factors = np.array([0.4, 1.0, 1.7])
    noises = [np.array([[1, 0.6 * each], [0.6 * each, 1]]) for each in factors]
    left_out = [lags(0.0, (sum(noises) - noise) / 2) for noise in noises]
    mean = lags(0.0, sum(noises) / 3)
    exact, both = arrow_of_time(made, mean), arrow_of_time(made, mean, left_out)
    amplitudes = np.array([arrow_of_time(made, each).amplitude for each in left_out])
    predicted = np.sqrt(2 * amplitudes.var())
    assert predicted > exact.amplitude_error
    assert both.amplitude_error == pytest.approx(np.hypot(exact.amplitude_error, predicted))
    assert both[:5] == exact[:5]


def test_too_few_blocks_give_odds_without_an_error() -> None:
    found = arrow_of_time(joint_descent(400, 2, 0.0, NOISE), lags(0.0))
    assert np.isfinite(found.log_odds)
    assert np.isnan([found.standard_error, found.score, found.amplitude_error]).all()


def test_predictions_that_do_not_fit_are_named() -> None:
    made = joint_descent(100, 2, 0.0, NOISE)
    for wrong in (lags(0.0)[:1], lags(0.0)[:, :1, :1], np.zeros((4, 2, 2))):
        with pytest.raises(ValueError, match=r"lags: found shape .* for 2 columns; \(m, 2, 2\)"):
            arrow_of_time(made, wrong)


def test_a_prediction_in_detailed_balance_has_no_arrow() -> None:
    (made,) = trajectories(1, 0.0)
    assert np.isnan(arrow_of_time(made, lags(0.0, np.diag([1.0, 3.0]))).score)
    scores = []
    for coupling in (1e-3, 1e-2):
        found = arrow_of_time(made, lags(0.0, np.array([[1, coupling], [coupling, 1]])))
        assert 0 < found.expected < 1
        scores.append(found.score)
    # The statistic is linear in a small predicted circulation, and so is its error.
    assert scores[0] == pytest.approx(scores[1], rel=1e-2)
    assert scores[0] > 4

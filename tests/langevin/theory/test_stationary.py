"""Stationary laws: known answers, independent solvers, and simulations."""

import itertools
import time
from typing import Any

import numpy as np
import pytest
from scipy.linalg import solve_continuous_lyapunov, solve_discrete_lyapunov

from example_descents import HESSIAN, random_system, simulate
from gradnoise.langevin.theory import limits, mapping, relaxation, stationary
from gradnoise.langevin.theory.mapping import temperature
from gradnoise.langevin.theory.stationary import stationary_covariance

STEPS = [0.1, 0.5, 1.0, 1.9]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"learning_rate": 0.1, "momentum": 0.9}, 0.5135135),
        ({"learning_rate": 1.9}, 19.0),
        ({"learning_rate": 0.5, "momentum": 0.9, "nesterov": True}, 1.1969697),
    ],
)
def test_known_variances(arguments: dict[str, Any], expected: float) -> None:
    found = stationary_covariance(1.0, 1.0, **arguments)
    assert found.shape == (1, 1)
    assert float(found[0, 0]) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("momentum", [0.0, 0.3, 0.9])
@pytest.mark.parametrize("nesterov", [False, True])
def test_covariance_of_noise_that_does_not_commute_solves_lyapunovs_equation(
    momentum: float, nesterov: bool
) -> None:
    hessian, noise = random_system(5)
    rate, one = 0.6, np.eye(5)
    # State (x, buffer), as torch steps: buffer' = mu buffer + g, x' = x - eta (buffer' or g + mu buffer').
    direct = 1 + momentum if nesterov else 1.0
    carried = momentum**2 if nesterov else momentum
    matrix = np.block(
        [[one - rate * direct * hessian, -rate * carried * one], [hessian, momentum * one]]
    )
    weights = np.concatenate([-rate * direct * one, one])
    joint = solve_discrete_lyapunov(matrix, weights @ noise @ weights.T)
    found = stationary_covariance(hessian, noise, rate, momentum, nesterov=nesterov)
    assert np.allclose(found, joint[:5, :5], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("step", "momentum"), list(itertools.product(STEPS, [0.0, 0.5, 0.9])))
def test_simulated_variance_is_within_one_percent(step: float, momentum: float) -> None:
    expected = float(stationary_covariance(1.0, 1.0, step, momentum)[0, 0])
    lags = np.arange(1, 400)
    rho = relaxation.autocorrelation(1.0, step, momentum, lags)
    steps = 150
    chains = simulate(1.0, 1.0, step, momentum, steps=steps, chains=10000, warm=300)
    error = np.sqrt(2 / chains.size * (1 + 2 * np.sum(rho[: steps - 1] ** 2)))
    assert error < 0.006
    assert np.mean(chains**2) / expected == pytest.approx(1, abs=min(0.01, 4 * error))


@pytest.mark.parametrize(
    ("momentum", "ratios"),
    [
        (0.0, [1.0526, 1.3333, 2.0, 20.0]),
        (0.5, [1.0345, 1.2, 1.5, 2.727]),
        (0.9, [1.0270, 1.1515, 1.3571, 2.0]),
    ],
)
def test_ratio_to_the_continuous_law(momentum: float, ratios: list[float]) -> None:
    for step, ratio in zip(STEPS, ratios, strict=True):
        exact = stationary_covariance(1.0, 1.0, step, momentum)
        limit = limits.overdamped_covariance(1.0, 1.0, step, momentum)
        assert float((exact / limit)[0, 0]) == pytest.approx(ratio, abs=6e-4)


def test_weight_decay_adds_to_the_curvature_and_not_to_the_noise() -> None:
    with_decay = stationary_covariance(0.5, 0.3, 0.2, 0.5, weight_decay=0.25)
    assert with_decay == pytest.approx(stationary_covariance(0.75, 0.3, 0.2, 0.5))


def test_nesterov_differs_from_heavy_ball_unless_steps_are_tiny() -> None:
    for step, ratio in ((0.01, 0.936), (0.1, 0.644), (0.5, 0.479)):
        found = float(stationary_covariance(1.0, 1.0, step, 0.9, nesterov=True)[0, 0])
        assert found / (step / (2 * 0.1)) == pytest.approx(ratio, abs=5e-4)


def test_simulated_nesterov_variance_agrees() -> None:
    for step, expected in ((0.1, 0.3220), (0.5, 1.1969697)):
        exact = float(stationary_covariance(1.0, 1.0, step, 0.9, nesterov=True)[0, 0])
        assert exact == pytest.approx(expected, rel=2e-3)
        chains = simulate(1.0, 1.0, step, 0.9, nesterov=True, steps=60, chains=10000, warm=200)
        assert np.mean(chains**2) == pytest.approx(exact, rel=0.02)


@pytest.mark.parametrize(
    ("momentum", "nesterov", "limit"),
    [(0.0, False, 2.0), (0.9, False, 3.8), (0.9, True, 1.357143)],
)
def test_an_unstable_step_is_an_error_that_names_the_limit(
    momentum: float, nesterov: bool, limit: float
) -> None:
    assert stationary.stability_limit(momentum, nesterov) == pytest.approx(limit, abs=1e-6)
    stationary_covariance(1.0, 1.0, limit * 0.999, momentum, nesterov=nesterov)
    with pytest.raises(ValueError, match=f"stability limit.*{limit:g}"[:40]):
        stationary_covariance(1.0, 1.0, limit * 1.001, momentum, nesterov=nesterov)
    with pytest.raises(ValueError, match="above 0"):
        stationary_covariance(np.diag([1.0, 0.0]), np.eye(2), 0.1)


def test_malformed_matrices_are_errors() -> None:
    with pytest.raises(ValueError, match="symmetric"):
        stationary_covariance([[1.0, 0.3], [0.0, 1.0]], np.eye(2), 0.1)
    with pytest.raises(ValueError, match="one size"):
        stationary_covariance(np.eye(2), np.eye(3), 0.1)
    with pytest.raises(ValueError, match="hessian: found complex values"):
        stationary_covariance(np.array([[1 + 1j]]), 1.0, 0.1)
    with pytest.raises(ValueError, match="noise_covariance: found 1 masked values"):
        stationary_covariance(np.eye(2), np.ma.masked_equal(2 * np.eye(2) - 1, 1)[:, :1], 0.1)
    with pytest.raises(ValueError, match="must not be negative"):
        stationary_covariance(1.0, -1.0, 0.1)
    with pytest.raises(ValueError, match="momentum: found 1"):
        stationary_covariance(1.0, 1.0, 0.1, 1.0)


def test_phase_space_covariance_has_half_the_velocity_variance_off_its_diagonal() -> None:
    found = stationary.phase_space_covariance(1.0, 1.0, 0.1, 0.9)
    assert found[1, 1] == pytest.approx(2 * 0.01 / (0.1 * (3.8 - 0.1)), rel=1e-12)
    assert found[0, 1] == pytest.approx(found[1, 1] / 2, rel=1e-12)
    hessian, noise = random_system(3)
    one, rate = np.eye(3), 0.4
    matrix = np.block([[one - rate * hessian, 0.7 * one], [-rate * hessian, 0.7 * one]])
    joint = solve_discrete_lyapunov(matrix, rate**2 * np.kron(np.ones((2, 2)), noise))
    assert np.allclose(stationary.phase_space_covariance(hessian, noise, rate, 0.7), joint)


def test_continuous_limits_solve_their_own_equations() -> None:
    hessian, noise = random_system(4)
    rate = 0.01
    overdamped = solve_continuous_lyapunov(hessian, rate * noise / (1 - 0.6))
    assert np.allclose(limits.overdamped_covariance(hessian, noise, rate, 0.6), overdamped)
    step, friction = mapping.langevin_parameters(rate, 0.6)
    zero, one = np.zeros((4, 4)), np.eye(4)
    drift = np.block([[zero, -one], [hessian, friction * one]])
    forcing = np.block([[zero, zero], [zero, step * noise]])
    joint = solve_continuous_lyapunov(drift, forcing)
    assert np.allclose(limits.underdamped_covariance(hessian, noise, rate, 0.6), joint[:4, :4])


def test_exact_law_tends_to_the_underdamped_one_as_steps_shrink() -> None:
    hessian, noise = random_system(4)
    # Momentum follows the step so that the friction stays.
    for rate, tolerance in ((1e-4, 0.02), (1e-6, 0.002)):
        momentum = 1 - np.sqrt(rate)
        exact = stationary_covariance(hessian, noise, rate, momentum)
        limit = limits.underdamped_covariance(hessian, noise, rate, momentum)
        assert np.allclose(exact, limit, rtol=tolerance, atol=tolerance * np.abs(limit).max())


def test_proportional_noise_makes_an_isotropic_law_for_small_steps_only() -> None:
    covariance = stationary_covariance(HESSIAN, HESSIAN / 8, 1e-4, 0.9)
    expected = temperature(1 / 8, 1e-4, 0.9)
    assert np.allclose(covariance, expected * np.eye(2), rtol=1e-3)
    large = np.diag(stationary_covariance(HESSIAN, HESSIAN / 8, 1.0))
    assert large[0] / temperature(1 / 8, 1.0) == pytest.approx(2)


def test_theory_of_a_hundred_directions_takes_milliseconds() -> None:
    hessian, noise = random_system(100)
    begin = time.perf_counter()
    stationary_covariance(hessian, noise, 0.1, 0.9)
    assert time.perf_counter() - begin < 1

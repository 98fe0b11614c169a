"""Area rates and entropy production: known answers, invariances, simulations."""

import numpy as np
import pytest
from scipy.linalg import solve_continuous_lyapunov

from example_descents import HESSIAN, NOISE, simulate
from gradnoise.langevin.theory.currents import (
    area_rate,
    entropy_production_rate,
    third_order_asymmetry,
)
from gradnoise.langevin.theory.stationary import stationary_covariance


def test_known_area_rates_and_entropy_productions() -> None:
    for momentum, covariance, area, entropy in (
        (0.0, 0.0508475, 0.00203390, 0.0305085),
        (0.9, 0.1421446, 0.0568579, 0.0852868),
    ):
        arguments = HESSIAN, NOISE, 0.1, momentum
        assert stationary_covariance(*arguments)[0, 1] == pytest.approx(covariance, abs=5e-8)
        assert area_rate(*arguments)[0, 1] == pytest.approx(area, abs=5e-8)
        assert entropy_production_rate(*arguments) == pytest.approx(entropy, abs=5e-8)


@pytest.mark.parametrize("momentum", [0.0, 0.8])
def test_currents_do_not_depend_on_the_basis_and_vanish_where_noise_commutes(
    momentum: float,
) -> None:
    rotation, _ = np.linalg.qr(np.random.default_rng(3).standard_normal((2, 2)))
    turned = [rotation @ matrix @ rotation.T for matrix in (HESSIAN, NOISE)]
    area = area_rate(*turned, 0.1, momentum)
    assert np.allclose(area, rotation @ area_rate(HESSIAN, NOISE, 0.1, momentum) @ rotation.T)
    assert entropy_production_rate(*turned, 0.1, momentum) == pytest.approx(
        entropy_production_rate(HESSIAN, NOISE, 0.1, momentum)
    )
    commuting = turned[0] @ turned[0] + 0.1 * np.eye(2)
    assert np.allclose(area_rate(turned[0], commuting, 0.1, momentum), 0, atol=1e-14)
    assert abs(entropy_production_rate(turned[0], commuting, 0.1, momentum)) < 1e-9
    closed = 0.1 * (1.0 - 0.2) * stationary_covariance(HESSIAN, NOISE, 0.1, momentum)[0, 1]
    assert area_rate(HESSIAN, NOISE, 0.1, momentum)[0, 1] == pytest.approx(
        closed / (2 * (1 - momentum))
    )


def test_simulated_area_rate_agrees_within_its_error() -> None:
    for momentum in (0.0, 0.9):
        chains = simulate(HESSIAN, NOISE, 0.1, momentum, steps=30, chains=20000, warm=600)
        swept = (chains[:-1, :, 0] * chains[1:, :, 1] - chains[:-1, :, 1] * chains[1:, :, 0]) / 2
        each = swept.mean(axis=0)
        expected = area_rate(HESSIAN, NOISE, 0.1, momentum)[0, 1]
        assert abs(each.mean() - expected) < 4 * each.std() / np.sqrt(len(each))


def test_singular_noise_has_no_finite_entropy_production() -> None:
    with pytest.raises(ValueError, match="positive definite"):
        entropy_production_rate(HESSIAN, np.ones((2, 2)), 0.1)


def test_third_order_asymmetry_of_skewed_noise() -> None:
    # a = 1/2 and exponential innovations, whose third cumulant is 2.
    assert third_order_asymmetry(0.5, 1.0, 2.0) == pytest.approx(0.25 * 2 / 0.875)
    random = np.random.default_rng(0)
    position, total = np.zeros(200_000), []
    for _ in range(60):
        later = 0.5 * position + random.exponential(size=position.shape) - 1
        total.append(np.mean(position**2 * later - position * later**2))
        position = later
    measured = np.array(total[20:])
    assert measured.mean() == pytest.approx(0.5714, abs=4 * measured.std() / np.sqrt(40) + 1e-3)


def test_rates_tend_to_those_of_the_overdamped_equation() -> None:
    rate = 1e-4
    # H S + S H = eta C; the drift beyond the gradient's is W = D S^-1 - H with D = eta C / 2.
    covariance = solve_continuous_lyapunov(HESSIAN, rate * NOISE)
    diffusion = rate * NOISE / 2
    drift = diffusion @ np.linalg.inv(covariance) - HESSIAN
    entropy = rate * np.trace(drift.T @ np.linalg.solve(diffusion, drift) @ covariance)
    assert entropy_production_rate(HESSIAN, NOISE, rate) == pytest.approx(entropy, rel=1e-3)
    area = rate * (HESSIAN @ covariance - covariance @ HESSIAN) / 2
    assert area_rate(HESSIAN, NOISE, rate) == pytest.approx(area, rel=1e-3)

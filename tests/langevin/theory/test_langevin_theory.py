"""Exact theory of SGD on quadratics: known answers, independent solvers, and simulations."""

import itertools
import time
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.linalg import solve_continuous_lyapunov, solve_discrete_lyapunov

import gradnoise.langevin as public
from gradnoise.langevin.theory import currents, mapping, propositions, relaxation, stationary
from gradnoise.langevin.theory.currents import area_rate, entropy_production_rate
from gradnoise.langevin.theory.mapping import langevin_parameters
from gradnoise.langevin.theory.multiplicative_noise import (
    kesten_tail_index,
    multiplicative_variance,
)
from gradnoise.langevin.theory.stationary import stationary_covariance
from gradnoise.langevin.theory.without_replacement import without_replacement_variance

HESSIAN = np.diag([1.0, 0.2])
NOISE = np.array([[1.0, 0.6], [0.6, 1.0]])
STEPS = [0.1, 0.5, 1.0, 1.9]


def random_system(size: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A Hessian and a noise covariance that do not commute."""
    random = np.random.default_rng(seed)
    rotation, _ = np.linalg.qr(random.standard_normal((size, size)))
    factor = random.standard_normal((size, size))
    hessian = rotation @ np.diag(np.geomspace(0.1, 1.5, size)) @ rotation.T
    return hessian, factor @ factor.T / size + 0.1 * np.eye(size)


def simulate(
    hessian: Any, noise: Any, rate: float, momentum: float, nesterov: bool = False, **size: int
) -> np.ndarray:
    """Independent stationary chains (steps, chains, d), by definition of torch.optim.SGD."""
    steps, chains, warm = size.get("steps", 40), size.get("chains", 20000), size.get("warm", 400)
    hessian, noise = np.atleast_2d(hessian), np.atleast_2d(noise)
    random = np.random.default_rng(7)
    factor = np.linalg.cholesky(noise)
    position = np.zeros((chains, len(hessian)))
    buffer = np.zeros_like(position)
    kept = []
    for step in range(warm + steps):
        gradient = position @ hessian + random.standard_normal(position.shape) @ factor.T
        buffer = momentum * buffer + gradient
        position = position - rate * (gradient + momentum * buffer if nesterov else buffer)
        if step >= warm:
            kept.append(position)
    return np.array(kept)


def test_public_names_are_there() -> None:
    for name in (
        *("stationary_covariance", "langevin_parameters", "area_rate", "entropy_production_rate"),
        *("estimate_area_rate", "estimate_entropy_production", "fit_autoregression"),
        *("without_replacement_variance", "kesten_tail_index"),
    ):
        assert callable(getattr(public, name))


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
        limit = stationary.overdamped_covariance(1.0, 1.0, step, momentum)
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
    with pytest.raises(ValueError, match="must not be negative"):
        stationary_covariance(1.0, -1.0, 0.1)
    with pytest.raises(ValueError, match="momentum: found 1"):
        stationary_covariance(1.0, 1.0, 0.1, 1.0)
    with pytest.raises(ValueError, match="learning_rate"):
        langevin_parameters(0.0, 0.5)


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9])
def test_the_corrected_mapping_shares_energy_equally_and_the_papers_does_not(
    momentum: float,
) -> None:
    rate, curvature, noise = 1e-4, 1.0, 1.0
    velocity = float(stationary.velocity_covariance(curvature, noise, rate, momentum)[0, 0])
    temperature = float(mapping.temperature(noise, rate, momentum))
    corrected = mapping.langevin_parameters(rate, momentum)
    published = mapping.paper_parameters(rate, momentum)
    assert velocity / corrected.time_step**2 == pytest.approx(temperature, rel=1e-3)
    assert velocity / published.time_step**2 == pytest.approx(
        temperature * mapping.kinetic_temperature_ratio(momentum), rel=1e-3
    )
    for found in (corrected, published):
        diffusion = float(mapping.diffusion(noise, found.time_step))
        assert diffusion / found.friction == pytest.approx(temperature)


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
    assert np.allclose(stationary.overdamped_covariance(hessian, noise, rate, 0.6), overdamped)
    step, friction = mapping.langevin_parameters(rate, 0.6)
    zero, one = np.zeros((4, 4)), np.eye(4)
    drift = np.block([[zero, -one], [hessian, friction * one]])
    forcing = np.block([[zero, zero], [zero, step * noise]])
    joint = solve_continuous_lyapunov(drift, forcing)
    assert np.allclose(stationary.underdamped_covariance(hessian, noise, rate, 0.6), joint[:4, :4])


def test_exact_law_tends_to_the_underdamped_one_as_steps_shrink() -> None:
    hessian, noise = random_system(4)
    # Momentum follows the step so that the friction stays.
    for rate, tolerance in ((1e-4, 0.02), (1e-6, 0.002)):
        momentum = 1 - np.sqrt(rate)
        exact = stationary_covariance(hessian, noise, rate, momentum)
        limit = stationary.underdamped_covariance(hessian, noise, rate, momentum)
        assert np.allclose(exact, limit, rtol=tolerance, atol=tolerance * np.abs(limit).max())


def test_known_area_rates_and_entropy_productions() -> None:
    for momentum, covariance, area, entropy in (
        (0.0, 0.0508475, 0.00203390, 0.0305085),
        (0.9, 0.1421446, 0.0568579, 0.0852868),
    ):
        arguments = HESSIAN, NOISE, 0.1, momentum
        assert stationary_covariance(*arguments)[0, 1] == pytest.approx(covariance, abs=5e-8)
        assert area_rate(*arguments)[0, 1] == pytest.approx(area, abs=5e-8)
        assert entropy_production_rate(*arguments) == pytest.approx(entropy, abs=5e-8)
    assert currents.continuous_entropy_production(HESSIAN, NOISE, 0.1) == pytest.approx(0.03)


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
    assert currents.third_order_asymmetry(0.5, 1.0, 2.0) == pytest.approx(0.25 * 2 / 0.875)
    random = np.random.default_rng(0)
    position, total = np.zeros(200_000), []
    for _ in range(60):
        later = 0.5 * position + random.exponential(size=position.shape) - 1
        total.append(np.mean(position**2 * later - position * later**2))
        position = later
    measured = np.array(total[20:])
    assert measured.mean() == pytest.approx(0.5714, abs=4 * measured.std() / np.sqrt(40) + 1e-3)


def test_autocorrelation_time_oscillation_and_decay() -> None:
    assert relaxation.autocorrelation_time(0.01, 1.0, 0.9) == pytest.approx(19.94737, abs=1e-5)
    rho = relaxation.autocorrelation(0.1, 1.0, 0.9, np.arange(2000))
    assert 1 + 2 * rho[1:].sum() == pytest.approx(relaxation.autocorrelation_time(0.1, 1.0, 0.9))
    found = relaxation.oscillation(0.1, 1.0, 0.9)
    assert found.oscillates
    assert found.frequency == pytest.approx(0.32175, abs=1e-5)
    assert found.continuum_frequency == pytest.approx(0.32015, abs=1e-5)
    assert found.decay == pytest.approx(-np.log(0.9) / 2)
    sharp = relaxation.oscillation(2.0, 1.0, 0.9)
    assert (sharp.frequency, sharp.continuum_frequency) == pytest.approx((1.6235, 1.4500), abs=1e-4)
    still = relaxation.oscillation(0.001, 1.0, 0.5)
    assert not still.oscillates
    assert still.frequency == 0
    assert still.decay == pytest.approx(0.002, rel=0.01)
    plain = relaxation.oscillation(0.3, 1.0, 0.0)
    assert plain.decay == pytest.approx(-np.log(0.7))


def test_simulated_autocorrelation_follows_the_exact_one() -> None:
    chains = simulate(1.0, 1.0, 0.2, 0.9, steps=30, chains=20000, warm=300)[..., 0]
    lags = np.array([1, 3, 8, 20])
    exact = relaxation.autocorrelation(1.0, 0.2, 0.9, lags)
    for lag, expected in zip(lags, exact, strict=True):
        measured = np.mean(chains[:-lag] * chains[lag:]) / np.mean(chains**2)
        assert measured == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize(("exponent", "slope"), [(2.0, 0.499), (3.0, 0.334), (1.5, 0.654)])
def test_displacement_of_a_power_law_spectrum_is_anomalous(exponent: float, slope: float) -> None:
    modes = np.arange(1, 20001, dtype=float)
    curvatures = modes**-exponent
    rate = 0.5
    variances = rate * curvatures / (curvatures * (2 - rate * curvatures))
    lags = np.unique(np.geomspace(1e2, 4e5 if exponent == 2 else 1e4, 15).astype(int))
    rho = (1 - rate * curvatures)[:, None] ** lags
    moved = relaxation.mean_squared_displacement(variances, rho)
    assert np.polyfit(np.log(lags), np.log(moved), 1)[0] == pytest.approx(slope, abs=0.02)


def test_known_variance_without_replacement() -> None:
    found = without_replacement_variance(64, 4, 0.2, 0.1)
    assert found.epoch_end == pytest.approx(5.504854e-4, rel=1e-6)
    assert found.epoch_average == pytest.approx(6.361023e-3, rel=1e-6)
    with pytest.raises(ValueError, match="half the samples"):
        without_replacement_variance(10, 6, 0.2, 0.1)
    with pytest.raises(ValueError, match="stability limits"):
        without_replacement_variance(64, 4, 30.0, 0.1)


def test_simulated_variance_without_replacement_agrees() -> None:
    random = np.random.default_rng(1)
    samples = random.standard_normal(16)
    samples = (samples - samples.mean()) / samples.std()
    position = np.zeros(40000)
    ends, steps = [], []
    for epoch in range(60):
        order = random.permuted(np.tile(samples, (len(position), 1)), axis=1)
        for batch in order.reshape(len(position), 4, 4).mean(axis=2).T:
            position = position - 0.3 * (0.5 * position + batch)
            if epoch >= 40:
                steps.append(np.mean(position**2))
        ends.append(np.mean(position**2))
    found = without_replacement_variance(16, 4, 0.5, 0.3)
    assert np.mean(ends[40:]) == pytest.approx(found.epoch_end, rel=0.02)
    assert np.mean(steps) == pytest.approx(found.epoch_average, rel=0.02)


def test_multiplicative_noise_has_the_known_variance_and_diverges_before_the_mean() -> None:
    assert multiplicative_variance(0.5, 8) == pytest.approx(0.04545455, rel=1e-6)
    assert np.isinf(multiplicative_variance(2 / (1 + 2 / 8), 8))
    random = np.random.default_rng(5)
    position = np.zeros(100_000)
    for _ in range(40):
        inputs = random.standard_normal((len(position), 8))
        labels = random.standard_normal((len(position), 8))
        position = position - 0.5 * np.mean(inputs * (inputs * position[:, None] - labels), axis=1)
    assert np.mean(position**2) == pytest.approx(0.04545455, rel=0.02)


@pytest.mark.parametrize(
    ("rate", "index", "tolerance"),
    [
        (2 / 3, 2.0, 1e-3),
        (0.5, 2.9040, 1e-3),
        (0.3, 5.31, 0.01),
        (0.1, 17.3, 0.05),
        (1.0, 1.09, 0.01),
    ],
)
def test_known_kesten_tail_indices(rate: float, index: float, tolerance: float) -> None:
    assert kesten_tail_index(1, rate) == pytest.approx(index, abs=tolerance)


def test_kesten_index_is_two_where_the_variance_diverges() -> None:
    for batch_size in (1, 2, 5, 16):
        assert kesten_tail_index(batch_size, 2 / (1 + 2 / batch_size)) == pytest.approx(2, abs=1e-6)
    with pytest.raises(ValueError, match="no stationary law"):
        kesten_tail_index(1, 10.0)


def test_gibbs_needs_isotropic_noise_and_isotropy_needs_proportional_noise() -> None:
    small = 1e-3
    assert propositions.gibbs_conditions(HESSIAN, np.eye(2), small).holds
    anisotropic = propositions.gibbs_conditions(HESSIAN, HESSIAN, small)
    assert not anisotropic.holds
    assert "not isotropic" in anisotropic.reason
    assert anisotropic.commutator == 0
    assert propositions.isotropy_conditions(HESSIAN, 3 * HESSIAN, small).holds
    large = propositions.isotropy_conditions(HESSIAN, 3 * HESSIAN, 0.5)
    assert not large.holds
    assert "not small" in large.reason
    assert large.largest_step == pytest.approx(0.5)
    crossed = propositions.isotropy_conditions(HESSIAN, NOISE, small)
    bracket = NOISE @ HESSIAN - HESSIAN @ NOISE
    expected = np.linalg.norm(bracket) / np.linalg.norm(NOISE) / np.linalg.norm(HESSIAN)
    assert crossed.commutator == pytest.approx(expected)
    assert "not proportional" in crossed.reason


def test_proportional_noise_makes_an_isotropic_law_for_small_steps_only() -> None:
    covariance = stationary_covariance(HESSIAN, HESSIAN / 8, 1e-4, 0.9)
    expected = stationary.isotropic_variance(1e-4, 8, 0.9)
    assert np.allclose(covariance, expected * np.eye(2), rtol=1e-3)
    large = np.diag(stationary_covariance(HESSIAN, HESSIAN / 8, 1.0))
    assert large[0] / stationary.isotropic_variance(1.0, 8) == pytest.approx(2)


def test_boltzmann_of_the_quartic_has_the_known_moments() -> None:
    for temperature, variance, kurtosis in ((0.5, 0.289602, 2.508630), (0.25, 0.172565, 2.600366)):
        moments = [
            quad(lambda x, p=p, t=temperature: x**p * np.exp(-(x**2 / 2 + x**4 / 4) / t), -6, 6)[0]
            for p in (0, 2, 4)
        ]
        assert moments[1] / moments[0] == pytest.approx(variance, abs=1e-5)
        assert moments[2] * moments[0] / moments[1] ** 2 == pytest.approx(kurtosis, abs=1e-5)


def test_theory_of_a_hundred_directions_takes_milliseconds() -> None:
    hessian, noise = random_system(100)
    begin = time.perf_counter()
    stationary_covariance(hessian, noise, 0.1, 0.9)
    assert time.perf_counter() - begin < 1

"""What is fitted to recorded trajectories, against simulated SGD of known parameters."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats
from scipy.signal import lfilter

from gradnoise.langevin.estimation.autoregression import fit_autoregression, ljung_box, select_order
from gradnoise.langevin.estimation.boltzmann import (
    boltzmann_density,
    boltzmann_moments,
    compare_boltzmann,
)
from gradnoise.langevin.estimation.convergence import (
    autocorrelation_time,
    effective_sample_size,
    split_r_hat,
    stationarity,
    variance_standard_error,
)
from gradnoise.langevin.estimation.currents import (
    estimate_area_rate,
    estimate_entropy_production,
    estimate_third_order_asymmetry,
)
from gradnoise.langevin.estimation.flatness import (
    batch_sharpness,
    flatness_exponent,
    flatness_width,
)
from gradnoise.langevin.estimation.power_law import power_law
from gradnoise.langevin.estimation.projection_fits import fit_projections
from gradnoise.langevin.estimation.relaxation import (
    diffusion_exponent,
    mean_squared_displacement,
    random_walk_spectrum,
)
from gradnoise.langevin.estimation.underdamped import underdamped_parameters
from gradnoise.langevin.estimation.vector_autoregression import fit_vector_autoregression

Floats = NDArray[np.float64]

LEARNING_RATE = 0.1
CURVATURES = np.diag([1.0, 0.2])
NOISE = np.array([[1, 0.6], [0.6, 1]])


def heavy_ball(
    steps: int, columns: int, relaxation: float, momentum: float = 0.0, seed: int = 0
) -> Floats:
    """Independent columns of a quadratic with unit noise variance in x, eta h = `relaxation`."""
    noise = np.random.default_rng(seed).standard_normal((steps + 3000, columns))
    return lfilter([1], [1, relaxation - 1 - momentum, momentum], noise, axis=0)[3000:]


def joint_descent(
    steps: int, replicas: int, momentum: float, noise: Floats, seed: int = 0
) -> Floats:
    """SGD on the quadratic of CURVATURES: (replicas, steps, 2)."""
    draws = np.random.default_rng(seed).standard_normal((steps + 1000, replicas, 2))
    draws = draws @ (LEARNING_RATE * np.linalg.cholesky(noise).T)
    path = [
        lfilter([1], [1, LEARNING_RATE * h - 1 - momentum, momentum], draws[..., i], axis=0)
        for i, h in enumerate(CURVATURES.diagonal())
    ]
    return np.stack(path, -1)[1000:].transpose(1, 0, 2)


def spread(estimate: Floats, error: Floats, truth: float) -> float:
    return float(np.sqrt(np.mean(((estimate - truth) / error) ** 2)))


@pytest.mark.parametrize(("relaxation", "momentum"), [(0.1, 0.0), (1.5, 0.0), (0.1, 0.9), (1, 0.5)])
def test_errors_of_the_fit_cover_the_truth(relaxation: float, momentum: float) -> None:
    trajectory = 0.05 * heavy_ball(4000, 300, relaxation, momentum)
    fit = fit_autoregression(trajectory, 2 if momentum else 1, learning_rate=0.05)
    assert fit.resolved.all()
    assert spread(fit.curvature, fit.curvature_error, relaxation / 0.05) == pytest.approx(
        1, abs=0.15
    )
    assert spread(fit.noise_variance, fit.noise_variance_error, 1) == pytest.approx(1, abs=0.15)
    temperature = 0.05 / (2 * (1 - momentum))
    assert spread(fit.temperature, fit.temperature_error, temperature) == pytest.approx(1, abs=0.15)
    if momentum:
        assert spread(fit.momentum, fit.momentum_error, momentum) == pytest.approx(1, abs=0.15)


def test_second_order_curvature_has_its_known_deviation() -> None:
    fit = fit_autoregression(heavy_ball(20_000, 400, 0.1, 0.9), 2)
    assert fit.curvature_error == pytest.approx(0.00100, rel=0.1)
    assert fit.curvature.std() == pytest.approx(0.00100, rel=0.1)


@pytest.mark.parametrize(("relaxation", "momentum"), [(0.3, 0.0), (0.3, 0.5), (0.1, 0.9)])
def test_short_trajectories_are_fitted_without_bias(relaxation: float, momentum: float) -> None:
    # Uncorrected, the curvature of the first is 9 of these standard errors too large.
    fit = fit_autoregression(heavy_ball(500, 3000, relaxation, momentum), 2 if momentum else 1)
    error = math.sqrt(3000)
    assert fit.curvature.mean() == pytest.approx(relaxation, abs=4 * fit.curvature.std() / error)
    assert fit.momentum.mean() == pytest.approx(momentum, abs=4 * fit.momentum.std() / error)


def test_a_slow_column_is_unresolved() -> None:
    assert not fit_autoregression(heavy_ball(500, 20, 0.01)).resolved.any()
    assert not fit_autoregression(heavy_ball(500, 20, 1e-4, 0.9), 2).resolved.any()


def test_first_order_misreads_momentum() -> None:
    fit = fit_autoregression(heavy_ball(50_000, 10, 0.1, 0.9))
    assert fit.curvature == pytest.approx(0.1 / 1.9, rel=0.02)


def test_replicas_are_pooled_and_single_precision_is_enough() -> None:
    trajectory = heavy_ball(20_000, 6, 0.01, 0.9)
    replicas = trajectory.reshape(4, 5000, 6)
    whole, pooled = fit_autoregression(trajectory, 2), fit_autoregression(replicas, 2)
    assert pooled.curvature == pytest.approx(whole.curvature, rel=0.02)
    assert pooled.curvature_error == pytest.approx(whole.curvature_error, rel=0.02)
    single = fit_autoregression(replicas.astype(np.float32), 2)
    assert single.curvature == pytest.approx(pooled.curvature, rel=1e-4)
    assert fit_autoregression(trajectory[:, 0]).curvature.shape == (1,)


def test_a_constant_column_is_not_a_number() -> None:
    trajectory = heavy_ball(100, 2, 0.5)
    trajectory[:, 1] = 3
    fits = fit_projections(trajectory)
    assert np.isnan(fits.first.curvature[1])
    assert not fits.first.resolved[1]
    assert np.isnan(fits.autocorrelation_time[1])
    assert np.isfinite(fits.autocorrelation_time[0])


def test_the_order_is_found() -> None:
    white = np.random.default_rng(0).standard_normal((5000, 100))
    assert (select_order(white) == 0).mean() > 0.95
    assert (select_order(heavy_ball(5000, 100, 0.1)) == 1).mean() > 0.95
    assert (select_order(heavy_ball(5000, 100, 0.1, 0.9)) == 2).mean() > 0.95


@pytest.mark.parametrize(("order", "momentum"), [(1, 0.0), (2, 0.9)])
def test_residuals_of_the_right_order_are_white(order: int, momentum: float) -> None:
    trajectory = heavy_ball(5000, 400, 0.1, momentum)
    pvalue = ljung_box(trajectory, order).pvalue
    assert stats.kstest(pvalue, "uniform").pvalue > 1e-3
    assert ljung_box(trajectory, 0).pvalue.max() < 1e-6


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


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_joint_fit_recovers_hessian_and_noise(momentum: float) -> None:
    trajectories = joint_descent(4000, 100, momentum, NOISE)
    fits = [fit_vector_autoregression(x, 2 if momentum else 1, LEARNING_RATE) for x in trajectories]
    for i in range(2):
        for j in range(2):
            estimate = np.array([fit.curvature[i, j] for fit in fits])
            error = np.array([fit.curvature_error[i, j] for fit in fits])
            assert spread(estimate, error, CURVATURES[i, j]) == pytest.approx(1, abs=0.25)
    assert stats.kstest([fit.asymmetry_pvalue for fit in fits], "uniform").pvalue > 1e-3
    pooled = fit_vector_autoregression(trajectories, 2 if momentum else 1, LEARNING_RATE)
    assert pooled.noise_covariance == pytest.approx(NOISE, rel=0.01)
    assert pooled.momentum == pytest.approx(momentum * np.eye(2), abs=0.005)
    assert pooled.asymmetry < 0.02


def test_joint_fit_sees_a_drift_that_is_no_gradient() -> None:
    drift = np.array([[0.9, 0.05], [-0.05, 0.9]])
    noise, path = np.random.default_rng(0).standard_normal((20_000, 2)), np.zeros((20_000, 2))
    for t in range(1, len(path)):
        path[t] = drift @ path[t - 1] + noise[t]
    fit = fit_vector_autoregression(path)
    assert fit.asymmetry == pytest.approx(math.sqrt(0.005 / 0.025), rel=0.15)
    assert fit.asymmetry_pvalue < 1e-6


@pytest.mark.parametrize(
    ("momentum", "relaxation"), [(0.9, 0.01), (0.9, 1.0), (0.0, 0.1), (0, 1.9)]
)
def test_correlation_time_of_the_quadratic(momentum: float, relaxation: float) -> None:
    exact = (1 - momentum) * (2 * (1 + momentum) - relaxation) / (relaxation * (1 + momentum))
    if relaxation == 0.01:
        assert exact == pytest.approx(19.94737, abs=1e-5)
    trajectory = heavy_ball(50_000, 100, relaxation, momentum)
    found = autocorrelation_time(trajectory)
    assert found.mean() == pytest.approx(exact, abs=5 * found.std() / 10)
    assert found.std() < 0.4 * exact
    assert effective_sample_size(trajectory) == pytest.approx(50_000 / found)


def test_a_random_walk_has_a_handful_of_independent_values() -> None:
    walk = np.random.default_rng(0).standard_normal((20_000, 30)).cumsum(0)
    assert effective_sample_size(walk).max() < 50


def test_error_of_the_variance_is_its_scatter() -> None:
    trajectory = heavy_ball(20_000, 400, 0.1)
    exact = math.sqrt(2 / 20_000 * (1 + 0.81) / (1 - 0.81))
    assert variance_standard_error(trajectory).mean() == pytest.approx(exact, rel=0.02)
    variance = trajectory.var(0)
    assert variance.std() / variance.mean() == pytest.approx(exact, rel=0.12)


@pytest.mark.parametrize(("steps", "low", "high"), [(20_000, 1.0006, 1.0012), (200, 1.07, 1.11)])
def test_split_r_hat_of_a_stationary_series(steps: int, low: float, high: float) -> None:
    assert low < split_r_hat(heavy_ball(steps, 300, 0.1)).mean() < high


def test_split_r_hat_sees_replicas_apart() -> None:
    replicas = heavy_ball(2000, 4, 0.5).T[:, :, None] + np.arange(4)[:, None, None]
    assert split_r_hat(replicas)[0] > 1.2


def test_drift_is_seen_and_stationary_series_pass() -> None:
    trajectory = heavy_ball(20_000, 300, 0.1)
    steady = stationarity(trajectory)
    assert steady.mean.std() == pytest.approx(1, abs=0.15)
    assert steady.variance.std() == pytest.approx(1, abs=0.15)
    assert steady.stationary.mean() > 0.97
    growing = np.linspace(1, 2, 20_000)[:, None]
    assert not stationarity(trajectory + 3 * growing).stationary.any()
    assert not stationarity(trajectory * growing).stationary.any()


def test_one_pass_gives_what_the_functions_give() -> None:
    replicas = np.stack([heavy_ball(600, 20, 0.1, 0.5, seed) for seed in range(3)]).astype(
        np.float32
    )
    fits = fit_projections(replicas, learning_rate=0.1)
    for order, fit in ((1, fits.first), (2, fits.second)):
        for found, alone in zip(fit, fit_autoregression(replicas, order, 0.1), strict=True):
            assert np.array_equal(found, alone)
    assert np.array_equal(fits.order, select_order(replicas))
    for order in range(3):
        chosen = fits.order == order
        pvalue = ljung_box(replicas, order).pvalue
        assert fits.ljung_box_pvalue[chosen] == pytest.approx(pvalue[chosen])
    assert fits.autocorrelation_time == pytest.approx(autocorrelation_time(replicas))
    assert fits.effective_sample_size == pytest.approx(effective_sample_size(replicas))
    assert fits.variance_error == pytest.approx(variance_standard_error(replicas))
    assert fits.split_r_hat == pytest.approx(split_r_hat(replicas))
    drift = stationarity(replicas)
    assert fits.mean_drift == pytest.approx(drift.mean)
    assert fits.variance_drift == pytest.approx(drift.variance)


@pytest.mark.parametrize(
    ("momentum", "area", "entropy"), [(0.0, 0.00203390, 0.0305085), (0.9, 0.0568579, 0.0852868)]
)
def test_currents_of_the_test_system(momentum: float, area: float, entropy: float) -> None:
    order = 2 if momentum else 1
    trajectories = joint_descent(20_000, 60, momentum, NOISE)
    areas = [estimate_area_rate(x) for x in trajectories]
    rates = [estimate_entropy_production(x, order) for x in trajectories]
    scores = np.array([(x.value[0, 1] - area) / x.standard_error[0, 1] for x in areas])
    assert np.sqrt(np.mean(scores**2)) == pytest.approx(1, abs=0.35)
    scores = np.array([(x.value - entropy) / x.standard_error for x in rates])
    assert np.sqrt(np.mean(scores**2)) == pytest.approx(1, abs=0.35)
    pooled = estimate_area_rate(trajectories)
    assert pooled.value[0, 1] == pytest.approx(area, abs=4 * pooled.standard_error[0, 1])
    assert pooled.value[0, 1] == pytest.approx(area, rel=0.03)
    assert np.array_equal(pooled.value, -pooled.value.T)
    rate = estimate_entropy_production(trajectories, order)
    assert rate.value == pytest.approx(entropy, abs=4 * rate.standard_error)
    assert rate.value == pytest.approx(entropy, rel=0.03)


def test_first_order_overstates_the_entropy_production_of_momentum() -> None:
    rate = estimate_entropy_production(joint_descent(20_000, 30, 0.9, NOISE), order=1)
    assert rate.value == pytest.approx(0.338, rel=0.03)


@pytest.mark.parametrize(("order", "momentum"), [(1, 0.0), (2, 0.9)])
def test_reversible_noise_produces_no_entropy(order: int, momentum: float) -> None:
    trajectories = joint_descent(2000, 400, momentum, np.eye(2))
    rates = np.array([estimate_entropy_production(x, order).value for x in trajectories])
    # Uncorrected, the mean would be order x 2 / 2000, at least ten standard errors.
    assert rates.mean() == pytest.approx(0, abs=4 * rates.std() / 20)
    assert order * 2 / 2000 > 10 * rates.std() / 20
    area = estimate_area_rate(trajectories)
    assert abs(area.value[0, 1]) < 4 * area.standard_error[0, 1]


def test_one_column_produces_no_entropy() -> None:
    skewed = lfilter([1], [1, -0.5], np.random.default_rng(0).exponential(size=(5000, 1)), axis=0)
    assert estimate_entropy_production(skewed).value == pytest.approx(0, abs=1e-12)
    assert estimate_entropy_production(skewed, 2).value == pytest.approx(0, abs=1e-12)


def test_skewed_noise_is_irreversible_at_third_order() -> None:
    draws = np.random.default_rng(0).exponential(size=(10, 20_200, 50)) - 1
    skewed = lfilter([1], [1, -0.5], draws, axis=1)[:, 200:]
    found = estimate_third_order_asymmetry(skewed)
    assert spread(found.value, found.standard_error, 4 / 7) == pytest.approx(1, abs=0.3)
    assert found.value.mean() == pytest.approx(0.5714, abs=0.01)
    even = estimate_third_order_asymmetry(heavy_ball(20_000, 200, 0.5))
    assert spread(even.value, even.standard_error, 0) == pytest.approx(1, abs=0.15)


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


def quartic(points: int = 2001) -> tuple[Floats, Floats]:
    x = np.linspace(-4, 4, points)
    return x, x**2 / 2 + x**4 / 4


@pytest.mark.parametrize(
    ("temperature", "variance", "kurtosis"), [(0.5, 0.289602, 2.508630), (0.25, 0.172565, 2.600366)]
)
def test_moments_of_the_quartic(temperature: float, variance: float, kurtosis: float) -> None:
    found = boltzmann_moments(*quartic(401), temperature)
    assert found.mean == pytest.approx(0, abs=1e-12)
    assert found.variance == pytest.approx(variance, abs=1e-6)
    assert found.kurtosis == pytest.approx(kurtosis, abs=1e-5)


def quartic_samples(replicas: int, count: int, temperature: float) -> Floats:
    x, loss = quartic(20_001)
    cumulative = np.cumsum(np.exp(-loss / temperature))
    draws = np.random.default_rng(0).random((replicas, count))
    return np.interp(draws, cumulative / cumulative[-1], x)


def test_temperature_of_the_quartic_is_covered_and_the_gaussian_rejected() -> None:
    found = [
        compare_boltzmann(*quartic(161), x, effective_size=2000)
        for x in quartic_samples(200, 2000, 0.5)
    ]
    temperature = np.array([one.temperature for one in found])
    error = np.array([one.temperature_error for one in found])
    assert spread(temperature, error, 0.5) == pytest.approx(1, abs=0.2)
    ratios = np.array([one.log_likelihood_ratio for one in found])
    errors = np.array([one.log_likelihood_ratio_error for one in found])
    assert ratios.mean() > 10
    assert ratios.std() == pytest.approx(errors.mean(), rel=0.25)
    assert found[0].bic_difference == pytest.approx(2 * ratios[0] + math.log(2000))


def test_a_quadratic_slice_is_the_gaussian_itself() -> None:
    x = np.linspace(-4, 4, 81)
    samples = 0.5 * np.random.default_rng(0).standard_normal((4, 500))
    found = compare_boltzmann(x, x**2, samples)
    assert abs(found.log_likelihood_ratio) < 3
    assert found.temperature == pytest.approx(0.5, abs=4 * found.temperature_error)
    assert 1000 < found.effective_sample_size < 4000


def test_density_is_normalised_and_slices_are_checked() -> None:
    x, loss = quartic()
    assert np.trapezoid(boltzmann_density(x, loss + 7, 0.5), x) == pytest.approx(1, abs=1e-5)
    with pytest.raises(ValueError, match="1 of 3 lie outside"):
        compare_boltzmann(x, loss, [0.0, 1.0, 5.0], effective_size=3)
    with pytest.raises(ValueError, match="ascending"):
        boltzmann_density(x[::-1], loss, 0.5)
    with pytest.raises(ValueError, match="temperature"):
        boltzmann_density(x, loss, 0.0)
    hill = compare_boltzmann(x, loss, [-3.9, 0.1, 3.9], effective_size=3)
    assert hill.temperature == math.inf


def test_flatness_of_a_quadratic() -> None:
    x = np.linspace(-3, 2, 5001)
    width = flatness_width(x, 0.3 + 0.5 * 2.0 * (x - 0.1) ** 2)
    assert width == pytest.approx(2 * math.sqrt(2 * (math.e - 1) * 0.3 / 2.0), rel=1e-5)
    assert math.isnan(flatness_width(x, 1 + 0.01 * x**2))
    with pytest.raises(ValueError, match="positive"):
        flatness_width(x, x**2 - 1)


@pytest.mark.parametrize("power", [1, 2, 3])
def test_flatness_exponent_of_the_quadratic(power: int) -> None:
    curvature = np.geomspace(0.01, 1, 30)
    variance = 0.01 * curvature ** (power - 1) / (2 - 0.01 * curvature)
    found = flatness_exponent(2 * np.sqrt(2 * (math.e - 1) / curvature), variance)
    assert found.value == pytest.approx(2 * (power - 1), abs=0.01)


@pytest.mark.parametrize("x_error", [0.0, 0.1])
@pytest.mark.parametrize("given", [True, False])
def test_exponent_errors_cover_the_truth(x_error: float, given: bool) -> None:
    random, x = np.random.default_rng(0), np.geomspace(1, 100, 30)
    found = []
    for _ in range(200):
        seen = x * np.exp(x_error * random.standard_normal(30))
        y = 2 * x**1.5 * np.exp(0.1 * random.standard_normal(30))
        found.append(power_law(seen, y, x_error * seen, 0.1 * y) if given else power_law(seen, y))
    exponents = np.array([law.exponent for law in found])
    errors = np.array([law.exponent_error for law in found])
    bias = 0 if given else -1.5 * x_error**2 / np.log(x).var()  # errors in x flatten the slope
    assert exponents.mean() == pytest.approx(1.5 + bias, abs=0.01)
    assert exponents.std() == pytest.approx(errors.mean(), rel=0.2)


def test_batch_sharpness_is_a_ratio_of_means() -> None:
    random = np.random.default_rng(0)
    square = random.exponential(size=(300, 500))
    quadratic = square * (3 + random.standard_normal((300, 500)))
    found = [batch_sharpness(q, s) for q, s in zip(quadratic, square, strict=True)]
    value, error = np.array(found).T
    assert spread(value, error, 3) == pytest.approx(1, abs=0.15)
    with pytest.raises(ValueError, match="two batches"):
        batch_sharpness([1.0], [1.0])


def test_invalid_input_is_named() -> None:
    trajectory = heavy_ball(100, 17, 0.5)
    with pytest.raises(ValueError, match="17 columns; at most 16"):
        estimate_area_rate(trajectory)
    with pytest.raises(ValueError, match="17 columns"):
        estimate_entropy_production(trajectory)
    with pytest.raises(ValueError, match="17 columns"):
        fit_vector_autoregression(trajectory)
    with pytest.raises(ValueError, match="order"):
        fit_autoregression(trajectory, 3)
    with pytest.raises(ValueError, match="order"):
        estimate_entropy_production(trajectory[:, :2], 0)
    with pytest.raises(ValueError, match="learning_rate"):
        fit_autoregression(trajectory, learning_rate=0.0)
    with pytest.raises(ValueError, match="5 steps"):
        autocorrelation_time(trajectory[:5])
    with pytest.raises(ValueError, match="shape"):
        fit_autoregression(np.zeros((2, 2, 20, 2)))
    with pytest.raises(ValueError, match="column 1 is constant"):
        estimate_area_rate(trajectory[:, :2] * [1, 0])
    with pytest.raises(ValueError, match="lags"):
        mean_squared_displacement(trajectory, [100])
    with pytest.raises(ValueError, match="order 1"):
        underdamped_parameters(fit_autoregression(trajectory))
    with pytest.raises(ValueError, match="depend linearly"):
        fit_vector_autoregression(np.repeat(trajectory[:, :1], 2, 1))
    with pytest.raises(ValueError, match="three points"):
        power_law([1.0, 2.0], [1.0, 2.0])

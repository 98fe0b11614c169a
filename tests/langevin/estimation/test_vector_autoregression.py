"""Joint autoregressions, against simulated SGD and statsmodels."""

import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.tsa.api import VAR

from example_descents import HESSIAN, LEARNING_RATE, NOISE, heavy_ball, joint_descent, spread
from gradnoise.langevin.estimation.vector_autoregression import fit_vector_autoregression


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_joint_fit_recovers_hessian_and_noise(momentum: float) -> None:
    trajectories = joint_descent(4000, 100, momentum, NOISE)
    fits = [fit_vector_autoregression(x, 2 if momentum else 1, LEARNING_RATE) for x in trajectories]
    for i in range(2):
        for j in range(2):
            estimate = np.array([fit.curvature[i, j] for fit in fits])
            error = np.array([fit.curvature_error[i, j] for fit in fits])
            assert spread(estimate, error, HESSIAN[i, j]) == pytest.approx(1, abs=0.25)
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


@pytest.mark.parametrize(("order", "momentum"), [(1, 0.0), (2, 0.9)])
def test_joint_fit_is_that_of_statsmodels(order: int, momentum: float) -> None:
    path = joint_descent(3000, 1, momentum, NOISE)[0]
    path -= path.mean(axis=0)
    # Our fit begins with the third step at either order.
    expected = VAR(path[2 - order :]).fit(order, trend="n")
    found = fit_vector_autoregression(path, order, LEARNING_RATE)
    total = expected.coefs.sum(axis=0)
    assert found.curvature == pytest.approx((np.eye(2) - total) / LEARNING_RATE, rel=1e-6)
    if order == 2:
        assert found.momentum == pytest.approx(-expected.coefs[1], rel=1e-6)
    # One degree of freedom more is lost here, to the mean that was taken off.
    freedom = len(path) - 2 - 2 * order
    covariance = expected.sigma_u * freedom / (freedom - 1) / LEARNING_RATE**2
    assert found.noise_covariance == pytest.approx(covariance, rel=1e-6)


def test_errors_of_the_joint_fit_are_those_of_statsmodels() -> None:
    path = joint_descent(3000, 1, 0.0, NOISE)[0]
    path -= path.mean(axis=0)
    expected = VAR(path[1:]).fit(1, trend="n")
    found = fit_vector_autoregression(path, 1, LEARNING_RATE)
    assert found.curvature_error == pytest.approx(expected.stderr.T / LEARNING_RATE, rel=1e-3)


def test_invalid_input_is_named() -> None:
    trajectory = heavy_ball(100, 17, 0.5)
    with pytest.raises(ValueError, match="17 columns"):
        fit_vector_autoregression(trajectory)
    with pytest.raises(ValueError, match="depend linearly"):
        fit_vector_autoregression(np.repeat(trajectory[:, :1], 2, 1))
    with pytest.raises(ValueError, match="constant"):
        fit_vector_autoregression(trajectory[:, :2] * [1, 0])
    with pytest.raises(ValueError, match="steps for 8 coefficients"):
        fit_vector_autoregression(trajectory[:10, :4], 2)


def test_the_asymmetry_is_tested_with_the_whole_covariance_of_its_parts() -> None:
    """Wald's test of three differences, from the Kronecker product of noise and inverse regressors."""
    random = np.random.default_rng(3)
    factor = np.array([[1.0, 0.0, 0.0], [0.8, 0.6, 0.0], [-0.5, 0.7, 0.4]])
    drift = np.array([[0.5, 0.1, 0.0], [0.1, 0.7, -0.1], [0.0, -0.1, 0.6]])
    path = np.zeros((400, 3))
    for t in range(1, 400):
        path[t] = drift @ path[t - 1] + factor @ random.standard_normal(3)
    path = path[50:] - path[50:].mean(axis=0)
    found = fit_vector_autoregression(path, 1, LEARNING_RATE)
    x, steps = path[1:-1], np.diff(path, axis=0)[1:]
    inverse = np.linalg.inv(x.T @ x)
    coefficients = inverse @ x.T @ steps
    residuals = steps - x @ coefficients
    noise = residuals.T @ residuals / (len(x) - 3 - 1)
    curvature = -coefficients.T / LEARNING_RATE
    covariance = np.kron(noise, inverse) / LEARNING_RATE**2  # of curvature, row after row
    pairs = [(0, 1), (0, 2), (1, 2)]
    contrast = np.zeros((3, 9))
    for row, (i, j) in enumerate(pairs):
        contrast[row, 3 * i + j], contrast[row, 3 * j + i] = 1, -1
    difference = contrast @ curvature.ravel()
    statistic = difference @ np.linalg.solve(contrast @ covariance @ contrast.T, difference)
    assert found.asymmetry_pvalue == pytest.approx(stats.chi2.sf(statistic, 3), rel=1e-6)
    antisymmetric = np.linalg.norm((curvature - curvature.T) / 2)
    assert found.asymmetry == pytest.approx(antisymmetric / np.linalg.norm(curvature), rel=1e-9)

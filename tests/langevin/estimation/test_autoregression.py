"""Autoregressions of single columns, against simulated SGD and statsmodels."""

import math

import numpy as np
import pytest
from statsmodels.stats.diagnostic import acorr_ljungbox
from statsmodels.tsa.ar_model import AutoReg

from example_descents import heavy_ball, spread
from gradnoise.langevin.estimation.autoregression import (
    box_statistic,
    difference_sums,
    fit_autoregression,
    least_squares,
    order_from_sums,
)


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


@pytest.mark.parametrize(("order", "momentum"), [(1, 0.0), (2, 0.9)])
def test_least_squares_is_that_of_statsmodels(order: int, momentum: float) -> None:
    column = heavy_ball(3000, 1, 0.1, momentum)[:, 0]
    column -= column.mean()
    # All our orders are fitted on the same steps, from the third on.
    fitted = AutoReg(column[2 - order :], order, trend="n").fit()
    position, step, squares = least_squares(difference_sums(column[None]), order)
    coefficients = [1 + position] if order == 1 else [1 + position + step, -step]
    assert coefficients == pytest.approx(fitted.params, rel=1e-7)
    assert squares == pytest.approx((fitted.resid**2).sum(), rel=1e-9)


def test_errors_are_those_of_statsmodels_for_long_trajectories() -> None:
    column = heavy_ball(50_000, 1, 0.2, 0.5)
    fitted = AutoReg(column[:, 0], 2, trend="c").fit()
    found = fit_autoregression(column, 2)
    assert found.momentum_error[0] == pytest.approx(fitted.bse[2], rel=0.03)
    covariance = fitted.cov_params()[1:, 1:]
    assert found.curvature_error[0] == pytest.approx(np.sqrt(covariance.sum()), rel=0.03)
    assert found.residual_variance[0] == pytest.approx(fitted.sigma2, rel=1e-3)


@pytest.mark.parametrize(("order", "momentum"), [(0, 0.0), (1, 0.0), (2, 0.9)])
def test_the_ljung_box_test_is_that_of_statsmodels(order: int, momentum: float) -> None:
    column = heavy_ball(600, 1, 0.3, momentum)[:, 0]
    column -= column.mean()
    sums = difference_sums(column[None])
    position, step, _ = least_squares(sums, order)
    x, v = column[1:-1], np.diff(column)[:-1]
    residuals = column[2:] - (1 + position) * x - step * v
    # statsmodels takes the mean of the residuals off, which is not 0 to the last digit.
    found = box_statistic(column[None], sums, order, 20, np.empty(598))
    expected = acorr_ljungbox(residuals, lags=[20], model_df=order).iloc[0]
    assert found[0] == pytest.approx(expected["lb_stat"], rel=1e-2)
    assert found[1] == pytest.approx(expected["lb_pvalue"], abs=1e-2)


def test_lag_products_do_not_reach_from_one_replica_to_the_next() -> None:
    replicas = heavy_ball(400, 3, 1.0).T.copy()
    statistic, _ = box_statistic(replicas, difference_sums(replicas), 0, 5, np.empty(398))
    inner = replicas[:, 2:]
    lags = np.arange(1, 6)
    products = [sum(row[lag:] @ row[: len(row) - lag] for row in inner) for lag in lags]
    rho = np.array(products) / (inner**2).sum()
    count = inner.size
    expected = count * (count + 2) * (rho**2 / (3 * (398 - lags))).sum()
    assert statistic == pytest.approx(expected)


def test_the_order_of_smallest_bic_is_that_of_statsmodels() -> None:
    found = []
    for relaxation, momentum in ((1.0, 0.0), (0.1, 0.0), (0.1, 0.9)):
        column = heavy_ball(2000, 1, relaxation, momentum)[:, 0]
        column -= column.mean()
        orders = range(3)
        criteria = [AutoReg(column, order, trend="n", hold_back=2).fit().bic for order in orders]
        assert order_from_sums(difference_sums(column[None]), 1998) == np.argmin(criteria)
        found.append(np.argmin(criteria))
    assert found == [0, 1, 2]


def test_invalid_input_is_named() -> None:
    trajectory = heavy_ball(100, 2, 0.5)
    with pytest.raises(ValueError, match="order"):
        fit_autoregression(trajectory, 3)
    with pytest.raises(ValueError, match="learning_rate"):
        fit_autoregression(trajectory, learning_rate=0.0)
    with pytest.raises(ValueError, match="5 steps"):
        fit_autoregression(trajectory[:5])
    with pytest.raises(ValueError, match="shape"):
        fit_autoregression(np.zeros((2, 2, 20, 2)))


@pytest.mark.parametrize("order", [1, 2])
def test_the_residual_variance_loses_a_degree_for_every_coefficient_and_the_mean(
    order: int,
) -> None:
    """Of 24 steps the variance would be a seventh too small without."""
    found = fit_autoregression(heavy_ball(24, 6000, 1.0), order)
    error = found.residual_variance.std() / math.sqrt(6000)
    # What is left of the bias is of second order in the number of steps.
    assert found.residual_variance.mean() == pytest.approx(1, abs=3 * error + 0.02)
    column = heavy_ball(30, 1, 0.4, 0.5)
    centred = (column - column.mean())[:, 0]
    steps = np.diff(centred)
    design = np.column_stack([centred[1:-1], steps[:-1]])[:, :order]
    _, squares, _, _ = np.linalg.lstsq(design, steps[1:])
    variance = fit_autoregression(column, order).residual_variance
    assert variance == pytest.approx(squares / (28 - order - 1), rel=1e-9)

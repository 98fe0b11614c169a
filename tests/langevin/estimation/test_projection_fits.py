"""All fits of every column in one pass."""

import numpy as np
import pytest
from scipy import stats

from example_descents import heavy_ball
from gradnoise.langevin.estimation.autoregression import fit_autoregression
from gradnoise.langevin.estimation.convergence import effective_sample_size, memory, r_hat
from gradnoise.langevin.estimation.projection_fits import fit_projections
from gradnoise.langevin.estimation.stationarity import stationarity
from gradnoise.langevin.estimation.trajectories import centred_columns


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
    assert (fit_projections(white).order == 0).mean() > 0.95
    assert (fit_projections(heavy_ball(5000, 100, 0.1)).order == 1).mean() > 0.95
    assert (fit_projections(heavy_ball(5000, 100, 0.1, 0.9)).order == 2).mean() > 0.95


@pytest.mark.parametrize(("order", "momentum"), [(1, 0.0), (2, 0.9)])
def test_residuals_of_the_right_order_are_white(order: int, momentum: float) -> None:
    fits = fit_projections(heavy_ball(5000, 400, 0.1, momentum))
    pvalues = fits.ljung_box_pvalue[fits.order == order]
    assert len(pvalues) > 380
    assert stats.kstest(pvalues, "uniform").pvalue > 1e-3


def test_residuals_of_a_longer_memory_are_not_white() -> None:
    # An average of the last three noises is no autoregression of order 2.
    noise = np.random.default_rng(0).standard_normal((5002, 20))
    fits = fit_projections(noise[2:] + noise[1:-1] + noise[:-2])
    assert fits.ljung_box_pvalue.max() < 1e-6


def test_one_pass_gives_what_the_fits_of_columns_give() -> None:
    replicas = np.stack([heavy_ball(600, 20, 0.1, 0.5, seed) for seed in range(3)])
    replicas = replicas.astype(np.float32)
    fits = fit_projections(replicas, learning_rate=0.1)
    for order, fit in ((1, fits.first), (2, fits.second)):
        for found, alone in zip(fit, fit_autoregression(replicas, order, 0.1), strict=True):
            assert np.array_equal(found, alone)
    assert fits.effective_sample_size == pytest.approx(effective_sample_size(replicas))
    assert fits.variance == pytest.approx(replicas.var(axis=(0, 1)), rel=1e-5)
    for i, rows in enumerate(centred_columns(replicas)):
        known, steady = memory(rows), stationarity(rows)
        # Bartlett's error of a Gaussian variance.
        assert fits.variance_error[i] == pytest.approx(np.sqrt(2 * known.squares / 1800))
        assert fits.autocorrelation_time[i] == known.time
        assert fits.split_r_hat[i] == r_hat(rows)
        drifts = fits.mean_drift[i], fits.variance_drift[i]
        assert drifts == pytest.approx(steady[:2], nan_ok=True)


def test_a_trajectory_too_short_for_the_lags_is_named() -> None:
    with pytest.raises(ValueError, match="found 100 steps; at least 103"):
        fit_projections(heavy_ball(100, 1, 0.5), lags=100)

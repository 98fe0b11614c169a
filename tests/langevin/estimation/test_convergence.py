"""Correlation times, split R-hat, against exact values and arviz-stats."""

import math

import numpy as np
import pytest
from arviz_stats.base import array_stats

from example_descents import heavy_ball
from gradnoise.langevin.estimation.convergence import effective_sample_size, memory, r_hat
from gradnoise.langevin.estimation.projection_fits import fit_projections


@pytest.mark.parametrize(
    ("momentum", "relaxation"), [(0.9, 0.01), (0.9, 1.0), (0.0, 0.1), (0, 1.9)]
)
def test_correlation_time_of_the_quadratic(momentum: float, relaxation: float) -> None:
    exact = (1 - momentum) * (2 * (1 + momentum) - relaxation) / (relaxation * (1 + momentum))
    if relaxation == 0.01:
        assert exact == pytest.approx(19.94737, abs=1e-5)
    trajectory = heavy_ball(50_000, 100, relaxation, momentum)
    found = fit_projections(trajectory).autocorrelation_time
    assert found.mean() == pytest.approx(exact, abs=5 * found.std() / 10)
    assert found.std() < 0.4 * exact
    assert effective_sample_size(trajectory) == pytest.approx(50_000 / found)


def test_a_random_walk_has_a_handful_of_independent_values() -> None:
    walk = np.random.default_rng(0).standard_normal((20_000, 30)).cumsum(0)
    assert effective_sample_size(walk).max() < 50


@pytest.mark.parametrize(("relaxation", "momentum"), [(0.1, 0.0), (0.5, 0.0), (0.1, 0.5)])
def test_effective_sizes_are_those_of_arviz(relaxation: float, momentum: float) -> None:
    chains = heavy_ball(20_000, 4 * 10, relaxation, momentum).T.reshape(10, 4, 20_000)
    # Its rule of truncation is another one (Geyer's); both estimate the same number.
    expected = np.array([array_stats.ess(one, method="mean") for one in chains])
    found = np.array([effective_sample_size(one[:, :, None])[0] for one in chains])
    assert found.mean() == pytest.approx(expected.mean(), rel=0.05)
    assert found == pytest.approx(expected, rel=0.3)


def test_split_r_hat_is_that_of_arviz() -> None:
    for apart in (0.0, 0.5):
        chains = heavy_ball(1000, 4, 0.3).T + apart * np.arange(4)[:, None]
        assert r_hat(chains) == pytest.approx(array_stats.rhat(chains, method="split"), rel=1e-9)


def test_error_of_the_variance_is_its_scatter() -> None:
    trajectory = heavy_ball(20_000, 400, 0.1)
    exact = math.sqrt(2 / 20_000 * (1 + 0.81) / (1 - 0.81))
    assert fit_projections(trajectory).variance_error.mean() == pytest.approx(exact, rel=0.02)
    variance = trajectory.var(0)
    assert variance.std() / variance.mean() == pytest.approx(exact, rel=0.12)


@pytest.mark.parametrize(("steps", "low", "high"), [(20_000, 1.0006, 1.0012), (200, 1.07, 1.11)])
def test_split_r_hat_of_a_stationary_series(steps: int, low: float, high: float) -> None:
    found = [r_hat(column[None]) for column in heavy_ball(steps, 300, 0.1).T]
    assert low < np.mean(found) < high


def test_split_r_hat_sees_replicas_apart() -> None:
    replicas = heavy_ball(2000, 4, 0.5).T + np.arange(4)[:, None]
    assert r_hat(replicas) > 1.2


def test_a_constant_column_has_no_memory() -> None:
    assert all(map(math.isnan, memory(np.zeros((2, 30)))))

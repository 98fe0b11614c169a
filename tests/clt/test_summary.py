"""Rows that stand for a layer."""

import numpy as np
import pytest
from scipy import stats

from gradnoise.clt.berry_esseen import berry_esseen_bound
from gradnoise.clt.summary import (
    bounds,
    log_spread,
    quantiles,
    summarise,
)

SIZES = [16, 64]


def shapes(rho: list[float]) -> dict[str, np.ndarray]:
    values = np.array(rho)
    return {"rho": values, "skewness": 0 * values, "excess_kurtosis": 0 * values}


def test_a_third_moment_rounded_below_one_still_has_its_bound() -> None:
    found = bounds(shapes([0.9999999, np.nan]), SIZES)
    assert found["bound"][:, 0] == pytest.approx(berry_esseen_bound(1.0, SIZES))
    assert np.isnan(found["bound"][:, 1]).all()
    assert not found["edgeworth"][:, 0].any()


def test_distances_are_compared_with_the_bounds_of_their_own_coordinates() -> None:
    limits = {"bound": np.array([[0.5, 0.1, 0.4]] * 2), "edgeworth": np.zeros((2, 3))}
    exact = np.array([0, 2]), np.array([[0.25, 0.1], [0.6, np.nan]])
    first, second = summarise(limits, exact, SIZES)
    assert (first["batch_size"], second["batch_size"]) == (16, 64)
    assert first["exact_over_bound_q50"] == pytest.approx((0.5 + 0.25) / 2)
    assert first["exact_over_bound_q05"] == pytest.approx(0.25 + 0.05 * 0.25)
    assert first["exact_over_bound_q95"] == pytest.approx(0.25 + 0.95 * 0.25)
    assert second["exact_over_bound_q25"] == pytest.approx(0.6 / 0.5)
    assert (first["violations"], first["exact_count"]) == (0, 2)
    assert (second["violations"], second["exact_count"]) == (1, 1)
    assert first["bound_q50"] == pytest.approx(0.4)
    assert first["exact_q50"] == pytest.approx(0.175)


def test_without_exact_distances_bounds_stand_alone() -> None:
    limits = bounds(shapes([1.5, 2.0]), SIZES)
    rows = summarise(limits, None, SIZES)
    assert np.isnan(rows["exact_over_bound_q50"]).all()
    assert np.isnan(rows["exact_q50"]).all()
    assert not rows["exact_count"].any()
    assert (rows["bound_q05"] > 0).all()


def test_quantiles_leave_missing_values_out() -> None:
    assert quantiles(np.array([np.nan, *range(101)])) == [5, 25, 50, 75, 95]
    assert np.isnan(quantiles(np.array([np.nan]))).all()


def test_spread_has_the_error_of_its_choice_of_coordinates() -> None:
    random = np.random.default_rng(6)
    found = np.array([log_spread(random.gamma(2, size=200)) for _ in range(600)])
    truth = np.log(np.diff(stats.gamma.ppf([0.05, 0.95], 2)).item())
    assert found[:, 0].mean() == pytest.approx(truth, abs=0.02)
    assert found[:, 1].mean() == pytest.approx(found[:, 0].std(), rel=0.15)
    covered = np.abs(found[:, 0] - truth) < 1.96 * found[:, 1]
    assert covered.mean() > 0.9
    # Of a uniform law the quantiles' errors are equal, and their correlation 1/19.
    even = log_spread(np.linspace(0, 1, 20_001))
    one = np.sqrt(0.05 * 0.95 / 20_001)
    assert even == pytest.approx((np.log(0.9), np.sqrt(2 - 2 / 19) * one / 0.9), rel=5e-3)
    values = random.gamma(2, size=50)
    assert log_spread(np.append(values, np.nan)) == log_spread(values)
    for none in ([], [np.nan], [2.0], [3.0, 3.0]):
        assert np.isnan(log_spread(np.array(none, float))).all()

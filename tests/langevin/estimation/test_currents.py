"""Area rates and entropy production of simulated SGD."""

import numpy as np
import pytest
from scipy.signal import lfilter

from example_descents import NOISE, heavy_ball, joint_descent, spread
from gradnoise.langevin.estimation.currents import (
    entropy_production,
    estimate_area_rate,
    estimate_entropy_production,
    estimate_third_order_asymmetry,
)


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


def test_few_blocks_give_a_value_and_no_error() -> None:
    # eta h = 0.2 / 10: a correlation time of 99 steps, so that 8 replicas need 3 x 495 steps each.
    system = joint_descent(3000, 8, 0.0, NOISE)
    long, short = estimate_area_rate(system), estimate_area_rate(system[:, :800])
    assert np.isfinite(long.standard_error).all()
    assert np.isfinite(short.value).all()
    assert np.isnan(short.standard_error).all()
    rate = estimate_entropy_production(system[:, :800])
    assert np.isfinite(rate.value)
    assert np.isnan(rate.standard_error)
    assert np.isnan(estimate_third_order_asymmetry(system[:, :800]).standard_error[1])


@pytest.mark.parametrize("order", [1, 2])
def test_the_value_alone_is_the_value(order: int) -> None:
    system = joint_descent(2000, 3, 0.9, NOISE)
    centred = system - system.mean((0, 1))
    whole = estimate_entropy_production(system, order).value
    assert entropy_production(centred, order) == pytest.approx(whole, rel=1e-9)


def test_invalid_input_is_named() -> None:
    trajectory = heavy_ball(100, 17, 0.5)
    with pytest.raises(ValueError, match="17 columns; at most 16"):
        estimate_area_rate(trajectory)
    with pytest.raises(ValueError, match="17 columns"):
        estimate_entropy_production(trajectory)
    with pytest.raises(ValueError, match="order"):
        estimate_entropy_production(trajectory[:, :2], 0)
    with pytest.raises(ValueError, match="column 1 is constant"):
        estimate_area_rate(trajectory[:, :2] * [1, 0])

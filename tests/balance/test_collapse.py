"""The transition in finite steps against published numbers and simulated products."""

import numpy as np
import pytest

from gradnoise.balance import critical_learning_rate, critical_temperature, growth_rate

UNIT = 2 / 900  # the critical temperature of slope 1 and label noise 30


@pytest.mark.parametrize(
    ("ratio", "noise", "expected"),
    [
        (2, "rademacher", -0.008909),
        (3, "rademacher", -0.026983),
        (2, "gaussian", -0.009248),
        (3, "gaussian", -0.028923),
    ],
)
def test_published_rates(ratio, noise, expected):
    rate = growth_rate(ratio * UNIT, label_noise=30.0, noise=noise)
    assert rate == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("noise", ["rademacher", "gaussian"])
def test_short_steps_have_the_rate_of_the_differential_equation(noise):
    eta, k, s, batch = 1e-4, 0.8, 5.0, 3
    rate = growth_rate(eta, batch, k, s, noise)
    assert rate / eta == pytest.approx(2 * k - eta / batch * s**2, abs=1e-3)


@pytest.mark.parametrize("noise", ["rademacher", "gaussian"])
def test_batches_against_simulation(noise):
    random = np.random.default_rng(6)
    eta, k, s, batch = 0.13, 0.8, 5.0, 3
    shape = 400_000, batch
    drawn = random.standard_normal(shape) if noise == "gaussian" else random.choice([-1, 1], shape)
    change = 2 * np.log(np.abs(1 + eta * (k + s * drawn.mean(axis=1))))
    error = change.std() / np.sqrt(change.size)
    assert growth_rate(eta, batch, k, s, noise) == pytest.approx(change.mean(), abs=4 * error)


def test_a_factor_of_zero_ends_everything():
    assert growth_rate(0.5, slope=1.0, label_noise=3.0) == -np.inf


@pytest.mark.parametrize(("k", "s"), [(1.0, 30.0), (-0.8, 2.5), (1.0, 1.01)])
def test_the_threshold_of_single_samples_is_a_closed_form(k, s):
    limit = critical_learning_rate(slope=k, label_noise=s)
    assert limit == pytest.approx(2 * abs(k) / (s**2 - k**2), rel=1e-9)
    assert growth_rate(0.99 * limit, slope=k, label_noise=s) > 0
    assert growth_rate(min(1.01 * limit, 0.999 / (s - abs(k))), slope=k, label_noise=s) < 0


@pytest.mark.parametrize("noise", ["rademacher", "gaussian"])
def test_weak_steps_have_the_critical_temperature(noise):
    for batch in (1, 8):
        limit = critical_learning_rate(batch, 0.5, 100.0, noise)
        assert limit / batch == pytest.approx(critical_temperature(0.5, 100.0), rel=0.01)
        assert abs(growth_rate(limit, batch, 0.5, 100.0, noise)) < 1e-9


def test_weak_noise_does_not_collapse():
    with pytest.raises(ValueError, match=r"label_noise: found 2; more than \|slope\| = 3"):
        critical_learning_rate(slope=-3.0, label_noise=2.0)
    with pytest.raises(ValueError, match="too weak for v to collapse"):
        critical_learning_rate(slope=3.0, label_noise=1.0, noise="gaussian")

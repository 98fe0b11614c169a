import numpy as np
import pytest
from scipy.integrate import solve_ivp

from gradnoise.related.studies.exact.class_imbalance import (
    frequencies,
    gradient,
    gradient_descent,
    losses,
    run,
    sign_descent,
)
from gradnoise.related.study import Settings


def test_gradient_is_the_derivative_of_the_mean_loss() -> None:
    random, shares = np.random.default_rng(0), np.array([0.5, 0.3, 0.2])
    weights = random.standard_normal((3, 3))
    numeric = np.empty((3, 3))
    for place in np.ndindex(3, 3):
        step = np.zeros((3, 3))
        step[place] = 1e-6
        both = [shares @ losses(weights + sign * step) for sign in (1, -1)]
        numeric[place] = (both[0] - both[1]) / 2e-6
    assert gradient(weights, shares) == pytest.approx(numeric, abs=1e-8)


def test_losses_of_gradient_descent_follow_the_margin_s_equation() -> None:
    # da/ds = (1 - p) c / (c - 1) with s = pi t and p = 1 / (1 + (c - 1) exp(-a)).
    def rise(_, a):
        return 10 / 9 * (1 - 1 / (1 + 9 * np.exp(-a)))

    times = (20.0, 200.0)
    margins = solve_ivp(rise, (0, 200), [0.0], t_eval=times, rtol=1e-9, atol=1e-9).y[0]
    expected = np.log1p(9 * np.exp(-margins))
    found = gradient_descent(frequencies(10), times)
    assert found == pytest.approx(np.tile(expected[:, None], 10), rel=0.02)
    assert (found * np.array(times)[:, None])[1].mean() == pytest.approx(0.929, abs=0.002)


def test_sign_descent_does_not_know_the_frequencies() -> None:
    last = sign_descent(frequencies(10), 40)[-1]
    assert last == pytest.approx(np.full(10, 0.003015), abs=1e-6)
    assert last[0] == pytest.approx(np.log1p(9 * np.exp(-2 * 0.1 * 40)))


def test_frequencies_are_zipf_s() -> None:
    found = frequencies(4)
    assert found.sum() == pytest.approx(1)
    assert found[0] / found == pytest.approx([1, 2, 3, 4])


def test_every_row_lies_in_its_range() -> None:
    found = run(Settings(seed=2, repeats=10))
    for row in found.rows:
        assert row.least < row.measured < row.most, row
    assert [row.quantity for row in found.rows if row.error > 0 and np.isfinite(row.most)] == [
        "slope of log loss in log frequency, images, gradient descent"
    ]
    assert found.arrays["image_loss"].shape == (2, 10, 10)

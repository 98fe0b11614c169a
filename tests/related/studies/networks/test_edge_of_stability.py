import numpy as np
import pytest

from gradnoise.related.studies.networks import edge_of_stability
from gradnoise.related.studies.networks.edge_of_stability import (
    POINTS,
    UNITS,
    curvature_at_zero,
    gradient,
    largest_margin,
    logistic_descent,
    run,
    sharpness,
)
from gradnoise.related.study import Settings


@pytest.fixture
def network() -> tuple[np.ndarray, ...]:
    random = np.random.default_rng(5)
    return (
        random.standard_normal(UNITS * 4),
        random.standard_normal((7, 3)),
        random.standard_normal(7),
    )


def test_the_largest_margin_is_that_of_a_search() -> None:
    angles = np.radians(np.linspace(0, 180, 180_001))
    margins = (POINTS @ np.array([np.cos(angles), np.sin(angles)])).min(axis=0)
    margin, direction = largest_margin(POINTS)
    assert margin == pytest.approx(margins.max(), rel=2e-5)
    assert direction == pytest.approx(np.degrees(angles[margins.argmax()]), abs=0.01)
    assert direction == pytest.approx(81.63, abs=0.01)
    assert 1 / margin**2 == pytest.approx(2.894, abs=1e-3)


def test_one_point_alone_can_decide_the_margin() -> None:
    margin, direction = largest_margin(np.array([[1.0, 0.0], [3.0, 0.5]]))
    assert (margin, direction) == (1.0, 0.0)


def test_logistic_descent_at_a_large_rate_rises_twice_then_falls_as_known() -> None:
    assert 10 * curvature_at_zero() == pytest.approx(7.51, abs=0.005)
    losses, weights = logistic_descent(10.0, 20_000)
    assert list(np.flatnonzero(np.diff(losses) > 0)) == [1, 2]
    assert losses[-1] * 10 * 20_000 == pytest.approx(2.89, abs=0.03)
    assert np.degrees(np.arctan2(weights[1], weights[0])) == pytest.approx(81.45, abs=0.1)


def test_logistic_descent_at_a_small_rate_is_monotone() -> None:
    losses, _ = logistic_descent(0.5, 2000)
    assert losses[0] == pytest.approx(np.log(2))
    assert np.all(np.diff(losses) < 0)


def test_gradient_is_the_derivative_of_the_loss(network) -> None:
    weights, inputs, targets = network
    numeric = [
        (
            gradient(weights + step, inputs, targets)[0]
            - gradient(weights - step, inputs, targets)[0]
        )
        / 2e-6
        for step in 1e-6 * np.eye(weights.size)
    ]
    assert gradient(weights, inputs, targets)[1] == pytest.approx(np.array(numeric), abs=1e-7)


def test_sharpness_is_the_largest_eigenvalue_of_the_hessian(network) -> None:
    weights, inputs, targets = network
    hessian = np.array(
        [
            (
                gradient(weights + step, inputs, targets)[1]
                - gradient(weights - step, inputs, targets)[1]
            )
            / 2e-5
            for step in 1e-5 * np.eye(weights.size)
        ]
    )
    expected = np.linalg.eigvalsh((hessian + hessian.T) / 2)[-1]
    assert sharpness(weights, inputs, targets) == pytest.approx(expected, rel=1e-3)


def test_the_network_ends_at_the_edge_and_starts_below() -> None:
    found = run(Settings(seed=2, repeats=3, length=0.9))
    for row in found.rows:
        assert row.least < row.measured < row.most, row
    late, start = found.rows[:2]
    assert late.measured == pytest.approx(2, abs=0.05)
    assert start.measured < 1.7


def test_at_a_small_rate_the_network_stays_below_the_edge(monkeypatch) -> None:
    monkeypatch.setattr(edge_of_stability, "RATE", 0.02)
    assert edge_of_stability.train(Settings(seed=2), 0, 1500).max() < 1

import numpy as np
import pytest
import torch

from gradnoise.related import circle
from gradnoise.related.circle import (
    eigenvalues,
    gradients,
    inputs,
    kernel,
    learn,
    predicted_steps,
    rate,
    settled,
)
from gradnoise.related.study import Settings


def by_autograd(weights, points, targets):
    inner, outer = (torch.tensor(each, requires_grad=True) for each in weights)
    output = torch.relu(torch.tensor(points) @ inner.T) @ outer / np.sqrt(len(outer))
    return inner, outer, output - torch.tensor(targets)


def test_gradients_are_autograd_s() -> None:
    random = np.random.default_rng(1)
    weights = random.standard_normal((7, 3)), random.standard_normal(7)
    points, targets = random.standard_normal((5, 3)), random.standard_normal(5)
    inner, outer, residual = by_autograd(weights, points, targets)
    (residual**2).mean().div(2).backward()
    found, rest = gradients(weights, points, targets)
    np.testing.assert_allclose(rest, residual.detach(), rtol=1e-9)
    np.testing.assert_allclose(found[0], inner.grad, rtol=1e-9)
    np.testing.assert_allclose(found[1], outer.grad, rtol=1e-9)


def test_kernel_is_that_of_wide_networks() -> None:
    # Products of autograd's gradients of two outputs, over 200,000 units.
    random = np.random.default_rng(2)
    weights = random.standard_normal((200_000, 3)), random.standard_normal(200_000)
    points = inputs()[[0, 3, 11]]
    inner, outer, output = by_autograd(weights, points, np.zeros(3))
    rows = [torch.autograd.grad(each, [inner, outer], retain_graph=True) for each in output]
    flat = torch.stack([torch.cat([part.flatten() for part in row]) for row in rows])
    assert kernel(points @ points.T) == pytest.approx((flat @ flat.T).numpy(), abs=0.01)


def test_eigenvalues_are_those_of_the_matrix() -> None:
    points = inputs()
    matrix = kernel(points @ points.T) / len(points)
    angles = 2 * np.pi * np.arange(len(points)) / len(points)
    for frequency, expected in zip(circle.FREQUENCIES, eigenvalues(), strict=True):
        wave = np.cos(frequency * angles + 0.3)
        assert matrix @ wave == pytest.approx(expected * wave, abs=1e-9)
    assert rate() * np.linalg.eigvalsh(matrix)[-1] == pytest.approx(0.5)


def test_components_settle_for_good() -> None:
    components = np.array([[2.0, -1.0], [0.3, 0.5], [-0.5, 0.1], [0.3, 0.1], [0.1, 0.3]])
    assert list(settled(components)) == [3, 5]


def test_predictions_are_heavy_ball_s() -> None:
    position, before, steps = 1.0, 1.0, 0
    trail = []
    while steps < 400:
        trail.append(position)
        ahead = 1.9 * position - 0.9 * before - rate() * eigenvalues()[3] * position
        before, position, steps = position, ahead, steps + 1
    late = np.flatnonzero(np.abs(trail) >= 0.2)[-1] + 1
    assert predicted_steps(0.9)[3] == late


def test_networks_learn_the_stiff_frequencies_as_the_kernel_says() -> None:
    found = np.array([learn(Settings(seed=5), repeat, 0.9) for repeat in range(2)])
    assert found.mean(axis=0) == pytest.approx(predicted_steps(0.9), rel=0.2)
    assert not np.array_equal(found[0], found[1])

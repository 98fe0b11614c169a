import numpy as np
import pytest
import torch
from scipy.stats import ks_2samp

from gradnoise.related import settled_networks
from gradnoise.related.settled_networks import displacement, gradient_norms, losses, settle
from gradnoise.related.study import Settings
from gradnoise.related.tanh_networks import DECAY


def test_gradient_norms_and_losses_are_autograd_s() -> None:
    random = np.random.default_rng(1)
    weights = random.standard_normal((2, 3, 5)), random.standard_normal((2, 3))
    inputs, targets = random.standard_normal((7, 5)), random.standard_normal(7)
    inner, outer = (torch.tensor(each, requires_grad=True) for each in weights)
    output = (torch.tanh(torch.tensor(inputs) @ inner.mT) @ outer[..., None])[..., 0]
    each = ((output - torch.tensor(targets)) ** 2).mean(dim=1) / 2
    assert losses(weights, inputs, targets) == pytest.approx(each.detach().numpy())
    decay = DECAY / 2 * sum((part**2).sum() for part in (inner, outer))
    (each.sum() + decay).backward()
    squares = (inner.grad**2).sum(dim=(1, 2)) + (outer.grad**2).sum(dim=1)
    assert gradient_norms(weights, inputs, targets) == pytest.approx(squares.sqrt().numpy())


def test_displacement_of_a_random_walk_is_the_dimension_times_the_lag() -> None:
    random = np.random.default_rng(2)
    path = np.cumsum(random.standard_normal((4000, 3, 20)), axis=0)
    assert displacement(path, np.array([1, 5])) == pytest.approx([20, 100], rel=0.03)


def test_two_windows_are_held_against_each_other(monkeypatch) -> None:
    seen = []

    def noted(weights, inputs, targets):
        seen.append(losses(weights, inputs, targets))
        return seen[-1]

    monkeypatch.setattr(settled_networks, "losses", noted)
    # From the first step on: the loss has not settled.
    monkeypatch.setattr(settled_networks, "FORGOTTEN", 1)
    found = settle(Settings(seed=3, length=0.3), 0)
    middle = len(seen) // 2
    halves = np.array(seen[:middle]).ravel(), np.array(seen[middle:]).ravel()
    assert found.distance == ks_2samp(*halves).statistic > 0.1
    assert found.loss == pytest.approx(np.mean(seen))
    assert found.gradients > 1

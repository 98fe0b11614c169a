import numpy as np
import pytest
import torch

from gradnoise.related.implicit_networks import UNITS, Batch, descend
from gradnoise.related.newton import implicit_step
from gradnoise.related.study import Settings


def plain(weights, inputs, targets):
    """Loss of one network, from one row of the weights."""
    pixels = inputs.shape[1]
    hidden = torch.tanh(inputs @ weights[: UNITS * pixels].reshape(UNITS, pixels).T)
    return ((hidden @ weights[UNITS * pixels :] - targets) ** 2).mean() / 2


def case():
    random = np.random.default_rng(1)
    inputs, targets = random.standard_normal((6, 3, 5)), random.standard_normal((6, 3))
    return Batch(inputs, targets), random.standard_normal((3, UNITS * 6)), inputs, targets


def test_values_gradients_and_products_are_those_of_single_networks() -> None:
    batch, at, inputs, targets = case()
    vectors = np.random.default_rng(2).standard_normal(at.shape)
    values, gradients, products = batch.values(at), batch.gradients(at), batch.products(at, vectors)
    for k in range(3):
        weights = torch.tensor(at[k], requires_grad=True)
        own = torch.tensor(inputs[:, k]), torch.tensor(targets[:, k])
        value = plain(weights, *own)
        (gradient,) = torch.autograd.grad(value, weights)
        hessian = torch.autograd.functional.hessian(
            lambda w, own=own: plain(w, *own), weights.detach()
        )
        assert values[k] == pytest.approx(value.item())
        assert gradients[k] == pytest.approx(gradient.numpy())
        assert products[k] == pytest.approx(hessian.numpy() @ vectors[k])


def test_implicit_steps_end_where_their_gradient_was_taken() -> None:
    batch, at, *_ = case()
    rates = np.array([0.1, 1.0, 20.0])
    found, left = implicit_step(batch, at, rates)
    assert found + rates[:, None] * batch.gradients(found) == pytest.approx(at, abs=0.02)
    assert left.max() < 1e-3


def test_both_methods_agree_at_small_rates_and_part_at_large_ones() -> None:
    found = descend(Settings(seed=1, repeats=2, length=0.2), (1e-4, 10.0))
    implicit, explicit = found.late
    assert implicit[0] == pytest.approx(explicit[0], rel=1e-3)
    assert implicit[0] == pytest.approx(found.start, rel=0.05)
    assert (implicit[1] < found.start).all()
    assert (explicit[1] > 1e6 * found.start).all()
    assert (found.residual < -2).all()

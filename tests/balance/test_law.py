"""The law of noise balance against steps of SGD by autograd, and against simulated decay."""

import numpy as np
import pytest
import torch

from gradnoise.balance import (
    balance_rate,
    balanced_ratio,
    curvatures,
    imbalance,
    momenta,
    sample_units,
    step_of_imbalance,
    step_of_momenta,
)

RATE = 0.07


def steps(activation, momentum, weight_decay, units=3, inputs=4, outputs=2):
    """Weights, mini-batch gradients and velocities of torch's SGD at three steps, float64."""
    random = torch.Generator().manual_seed(5)
    shapes = ((units, inputs), (outputs, units))
    layers = [torch.randn(shape, generator=random, dtype=torch.float64) / 2 for shape in shapes]
    for layer in layers:
        layer.requires_grad_()
    optimizer = torch.optim.SGD(layers, RATE, momentum=momentum, weight_decay=weight_decay)
    found = []
    for _ in range(3):
        x, y = (
            torch.randn(6, size, generator=random, dtype=torch.float64)
            for size in (inputs, outputs)
        )
        optimizer.zero_grad()
        ((activation(x @ layers[0].T) @ layers[1].T - y) ** 2).sum(1).mean().div(2).backward()
        weights = [layer.detach().numpy().copy() for layer in layers]
        gradients = [layer.grad.numpy().copy() for layer in layers]
        optimizer.step()
        moved = [layer.detach().numpy() - old for layer, old in zip(layers, weights, strict=True)]
        found.append((weights, gradients, moved))
    weights = [layer.detach().numpy().copy() for layer in layers]
    return found, weights


@pytest.mark.parametrize("weight_decay", [0.0, 0.3])
@pytest.mark.parametrize(
    ("activation", "kept"),
    [(lambda h: h, np.asarray), (torch.relu, np.diag)],
    ids=["linear network, every entry", "relu network, every unit"],
)
def test_the_identity_of_a_step_is_exact(activation, kept, weight_decay):
    found, last = steps(activation, 0.0, weight_decay)
    after = [weights for weights, _, _ in found[1:]] + [last]
    for (weights, gradients, _), moved in zip(found, after, strict=True):
        foretold = step_of_imbalance(imbalance(*weights), imbalance(*gradients), RATE, weight_decay)
        np.testing.assert_allclose(kept(foretold), kept(imbalance(*moved)), atol=1e-14)
        # The step's own part is no rounding error.
        assert np.abs(kept(imbalance(*gradients))).min() * RATE**2 > 1e-6


def test_entries_of_a_relu_network_off_the_diagonal_are_not_kept():
    found, last = steps(torch.relu, 0.0, 0.0)
    weights, gradients, _ = found[-1]
    foretold = step_of_imbalance(imbalance(*weights), imbalance(*gradients), RATE)
    assert np.abs(foretold - imbalance(*last)).max() > 1e-3


def test_two_scalars_obey_the_identity():
    u, w, x, y = 1.3, -0.4, 0.7, 2.0
    error = (w * u * x - y) * x
    gradients = error * w, error * u
    moved = u - RATE * gradients[0], w - RATE * gradients[1]
    foretold = step_of_imbalance(imbalance(u, w), imbalance(*gradients), RATE)
    assert foretold.item() == pytest.approx(moved[0] ** 2 - moved[1] ** 2, rel=1e-14)


@pytest.mark.parametrize("weight_decay", [0.0, 0.3])
@pytest.mark.parametrize("momentum", [0.0, 0.8])
def test_heavy_ball_carries_two_numbers(momentum, weight_decay):
    found, last = steps(lambda h: h, momentum, weight_decay)
    still = [np.zeros_like(each) for each in found[0][0]]
    now = momenta(*found[0][0], *still)
    after = [weights for weights, _, _ in found[1:]] + [last]
    for (_, _, moved), weights in zip(found, after, strict=True):
        now = step_of_momenta(now, imbalance(*moved), RATE, momentum, weight_decay)
        np.testing.assert_allclose(now.imbalance, imbalance(*weights), atol=1e-14)
        np.testing.assert_allclose(now.mixed, momenta(*weights, *moved).mixed, atol=1e-14)


def test_heavy_ball_without_decay_keeps_a_sum_up_to_the_velocities():
    momentum = 0.8
    found, last = steps(lambda h: h, momentum, 0.0)
    (_, _, before), (second, _, after) = found[-2], found[-1]

    def kept(weights, velocities):
        carried = momenta(*weights, *velocities)
        return carried.imbalance + 2 * momentum / (1 - momentum) * carried.mixed

    growth = (1 + momentum) / (1 - momentum) * imbalance(*after)
    np.testing.assert_allclose(kept(last, after), kept(second, before) + growth, atol=1e-13)


def test_layers_that_do_not_meet_are_refused():
    with pytest.raises(ValueError, match=r"layers: found \(3, 4\) and \(3, 2\); accepted"):
        imbalance(np.ones((3, 4)), np.ones((3, 2)))


def per_sample_derivatives(random, u, w, samples):
    x, noise = random.standard_normal((samples, u.size)), random.standard_normal((samples, w.size))
    error = x @ u[:, None] * w + noise
    return error[:, :, None] * x[:, None, :]


def test_the_rate_is_the_difference_of_the_layers_noise():
    random = np.random.default_rng(2)
    u, w = np.array([0.4, -1.1, 0.2]), np.array([0.9, 0.3])
    A = per_sample_derivatives(random, u, w, 500)
    noise_u, noise_w = (w @ A).var(axis=0).sum(), (A @ u).var(axis=0).sum()
    decay = 2 * 0.05 * (u @ u - w @ w)
    rate = balance_rate(u, w, curvatures(A), temperature=0.3, weight_decay=0.05)
    assert rate == pytest.approx(0.3 * (noise_u - noise_w) - decay, rel=1e-12)


def test_noise_is_balanced_where_the_rate_is_zero():
    random = np.random.default_rng(3)
    u, w = np.array([0.4, -1.1, 0.2]), np.array([0.9, 0.3])
    noise = curvatures(per_sample_derivatives(random, u, w, 500))
    factor = np.sqrt(balanced_ratio(u, w, noise) * (w @ w) / (u @ u))
    assert balance_rate(factor * u, w, noise, 0.3) == pytest.approx(0, abs=1e-14)
    assert abs(balance_rate(u, w, noise, 0.3)) > 0.01


def test_the_balanced_ratio_of_fresh_samples_is_inputs_over_outputs():
    # At the optimum A = e x^T: C1 = m, C2 = d.
    random = np.random.default_rng(4)
    x, e = random.standard_normal((200_000, 6)), random.standard_normal((200_000, 2))
    noise = curvatures(e[:, :, None] * x[:, None, :])
    assert balanced_ratio(np.arange(1.0, 7), [2.0, -1.0], noise) == pytest.approx(3, rel=0.02)


def test_the_difference_of_two_scalars_decays_with_their_noise():
    # Near the optimum v = 1, ln |u^2 - w^2| falls by T s^2 per unit of time: here 0.9.
    start = np.array([1.2]), np.array([1 / 1.2])
    found = sample_units(*start, [[1.0]], 0.003, 1, steps=100_000, replicas=30, seed=1)
    start_difference = 1.2**2 - 1.2**-2
    change = np.log((found.first**2 - found.second**2) / start_difference)
    error = change.std() / np.sqrt(change.size)
    assert change.mean() == pytest.approx(-0.900, abs=0.02 + 3 * error)
    assert error < 0.02


@pytest.mark.slow
@pytest.mark.parametrize(("inputs", "outputs"), [(6, 2), (2, 6)])
def test_norms_settle_where_noise_is_balanced(inputs, outputs):
    u, w = np.ones(inputs) / np.sqrt(inputs), np.ones(outputs) / np.sqrt(outputs)
    found = sample_units(
        u, w, np.outer(w, u), 0.01, 4, steps=600_000, burn_in=200_000, replicas=4, seed=2
    )
    ratio = found.ratio if inputs > outputs else 1 / found.ratio
    assert ratio.mean() == pytest.approx(3, rel=0.02)

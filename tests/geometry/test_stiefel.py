"""Riemannian SGD: directions, retractions, a thousand steps, and what it converges to."""

import copy

import numpy as np
import pytest
import torch
from scipy.linalg import expm
from torch import nn

from example_geometry import perceptron
from gradnoise.draws.streams import Stream, generator
from gradnoise.geometry import StiefelSGD, initialise
from gradnoise.geometry.stiefel import RETRACTIONS, cayley, tangent
from gradnoise.geometry.weights import orthogonal

WAYS = list(RETRACTIONS)


def pair(rows: int, columns: int) -> tuple[torch.Tensor, torch.Tensor]:
    random = generator(4, Stream.INITIALISATION)
    weights = orthogonal((rows, columns), random)
    return torch.from_numpy(weights), torch.from_numpy(random.standard_normal((rows, columns)))


def test_the_gradient_is_the_projection_onto_the_tangent_space() -> None:
    weights, gradient = pair(7, 4)
    found = tangent(weights, gradient)
    assert torch.allclose(weights.T @ found + found.T @ weights, torch.zeros(4, 4).double())
    assert torch.allclose(tangent(weights, found), found)
    normal = gradient - found  # W times a symmetric matrix
    assert torch.allclose(weights @ (weights.T @ normal), normal)
    assert torch.allclose(weights.T @ normal, (weights.T @ normal).T)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("shape", [(6, 6), (7, 4)])
def test_retractions_stay_on_the_manifold_and_follow_the_step_in_first_order(way, shape) -> None:
    weights, gradient = pair(*shape)
    step = tangent(weights, gradient)
    retract = RETRACTIONS[way]
    assert torch.allclose(retract(weights, 0 * step), weights)
    moved = retract(weights, 0.9 * step)
    unit = torch.eye(shape[1]).double()
    assert (moved.T @ moved - unit).abs().max() < 1e-14
    # V W^T - W V^T times W is 2 V for square W, V tangent.
    factor = 2 if way == "cayley" and shape == (6, 6) else 1
    if way != "cayley" or shape == (6, 6):
        close = (retract(weights, 1e-5 * step) - weights) / 1e-5
        assert torch.allclose(close, factor * step, atol=2e-4)


@pytest.mark.parametrize("way", ["qr", "polar"])
def test_retractions_of_many_at_once_are_those_of_each_long_steps_among_them(way) -> None:
    # Steps along few directions: of a long one the Gram matrix has lost the 1 that it is added to in the others.
    weights, full = pair(7, 4)
    step = tangent(weights, full[:, :1] @ full[:1])
    pairs = [(weights, length * step) for length in (0.3, 1e9, 2.0)]
    weights, steps = (torch.stack(each) for each in zip(*pairs, strict=True))
    found = RETRACTIONS[way](weights, steps)
    assert (found.mT @ found - torch.eye(4).double()).abs().max() < 1e-14
    for one, start, step in zip(found, weights, steps, strict=True):
        if way == "qr":
            q, r = torch.linalg.qr(start + step)
            expected = q * r.diagonal().sign()
        else:
            left, _, right = torch.linalg.svd(start + step, full_matrices=False)
            expected = left @ right
        assert torch.allclose(one, expected, atol=1e-9)


def test_steps_that_are_not_finite_are_passed_on_and_leave_the_others() -> None:
    weights, step = pair(7, 4)
    steps = torch.stack([step * torch.nan, tangent(weights, step)])
    found = RETRACTIONS["qr"](weights.expand(2, -1, -1), steps)
    assert not found[0].isfinite().any()
    assert torch.equal(found[1], RETRACTIONS["qr"](weights[None], steps[1:])[0])


def test_weights_of_one_shape_step_together_as_they_would_alone() -> None:
    random = generator(6, Stream.INITIALISATION)
    shapes = ((5, 3), (3, 5), (5, 3), (4, 2, 2, 1), (5, 3))
    starts = [
        gain * torch.from_numpy(orthogonal(shape, random)).float()
        for gain, shape in zip((0.5, 1.0, 1.5, 2.0, 2.5), shapes, strict=True)
    ]
    slopes = [torch.from_numpy(random.standard_normal(shape)).float() for shape in shapes]
    together = [nn.Parameter(start.clone()) for start in starts]
    alone = [nn.Parameter(start.clone()) for start in starts]
    optimizers = [StiefelSGD(together, 0.1, 0.9), *(StiefelSGD([one], 0.1, 0.9) for one in alone)]
    for step in range(3):
        for parameters in (together, alone):
            for one, slope in zip(parameters, slopes, strict=True):
                one.grad = (1 + step) * slope
        if step == 0:  # it has no momentum yet when its neighbours have some
            together[2].grad = alone[2].grad = None
        for optimizer in optimizers:
            optimizer.step()
    for one, other, start in zip(together, alone, starts, strict=True):
        assert torch.allclose(one, other, atol=1e-6)
        assert (one - start).abs().max() > 0.05


def test_cayley_takes_the_canonical_direction_along_a_curve_of_third_order() -> None:
    for shape in ((7, 4), (9, 4)):  # by dense equations, and by Woodbury's formula
        weights, gradient = pair(*shape)
        canonical = gradient - weights @ gradient.T @ weights
        close = (cayley(weights, 1e-6 * gradient) - weights) / 1e-6
        assert torch.allclose(close, canonical, atol=1e-4)
        skew = gradient @ weights.T - weights @ gradient.T
        errors = [
            np.abs(cayley(weights, t * gradient) - expm(t * skew.numpy()) @ weights.numpy()).max()
            for t in (0.02, 0.01)
        ]
        assert 7 < errors[0] / errors[1] < 9
    square, gradient = pair(5, 5)
    canonical = gradient - square @ gradient.T @ square
    assert torch.allclose(canonical, 2 * tangent(square, gradient))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_a_thousand_steps_keep_the_weights_orthonormal(way: str, momentum: float) -> None:
    model = nn.Sequential(nn.Linear(12, 20), nn.Tanh(), nn.Linear(20, 8))
    initialise(model, "orthogonal", 0.5, seed=1)
    gains = [float(torch.linalg.matrix_norm(layer.weight, 2)) for layer in (model[0], model[2])]
    optimizer = StiefelSGD(model.parameters(), 0.05, momentum, retraction=way)
    inputs = torch.randn(32, 12, generator=torch.Generator().manual_seed(2))
    targets = torch.sin(inputs[:, :8] * 2)
    losses = []
    for _ in range(1000):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(inputs), targets)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.7 * losses[0]
    for layer, gain in zip((model[0], model[2]), gains, strict=True):
        weights = layer.weight.detach().double() / gain
        gram = weights.T @ weights if weights.shape[0] > weights.shape[1] else weights @ weights.T
        assert (gram - torch.eye(len(gram)).double()).abs().max() < 1e-6


@pytest.mark.parametrize("way", WAYS)
def test_the_nearest_orthogonal_matrix_is_found(way: str) -> None:
    # Of |W - M|^2 the minimiser on the manifold is the polar factor of M (Procrustes), gain included.
    _, target = pair(4, 9)
    start, _ = pair(4, 9)
    weights = nn.Parameter(2.5 * start)
    optimizer = StiefelSGD([weights], 0.1, 0.5, retraction=way)
    for _ in range(800):
        optimizer.zero_grad()
        ((weights - target) ** 2).sum().backward()
        optimizer.step()
    left, _, right = torch.linalg.svd(target, full_matrices=False)
    assert torch.allclose(weights, 2.5 * left @ right, atol=1e-6)


def test_a_small_step_is_the_euclidean_one_on_the_tangent_space_and_on_biases() -> None:
    model = perceptron([4, 5, 2])
    initialise(model, "orthogonal", 0.5, seed=1)
    other = copy.deepcopy(model)
    inputs = torch.randn(6, 4, generator=torch.Generator().manual_seed(2)).double()
    for each, optimizer in (
        (model, StiefelSGD(model.parameters(), 1e-6, weight_decay=0.3)),
        (other, torch.optim.SGD(other.parameters(), 1e-6)),
    ):
        before = copy.deepcopy(each)
        each(inputs).square().sum().backward()
        optimizer.step()
        moves = {
            name: (part - before.get_parameter(name)).detach() / 1e-6
            for name, part in each.named_parameters()
        }
        if each is model:
            on_manifold, start = moves, before
    gain = torch.linalg.matrix_norm(start[0].weight, 2).detach()
    expected = tangent(start[0].weight.detach() / gain, moves["0.weight"])
    assert torch.allclose(on_manifold["0.weight"], expected, atol=1e-4)
    assert not torch.allclose(moves["0.weight"], expected, atol=1e-2)
    decayed = moves["2.bias"] - 0.3 * start[2].bias.detach()
    assert torch.allclose(on_manifold["2.bias"], decayed, atol=1e-6)


def test_a_stopped_run_goes_on_with_the_same_bits() -> None:
    def run(steps: int, weights: nn.Parameter, state=None):
        optimizer = StiefelSGD([weights], 0.02, 0.9)
        if state is not None:
            optimizer.load_state_dict(state)
        for _ in range(steps):
            optimizer.zero_grad()
            weights.cos().cumsum(1).sum().backward()
            optimizer.step()
        return optimizer.state_dict()

    start = pair(6, 3)[0].float()
    whole, parts = nn.Parameter(1.3 * start), nn.Parameter(1.3 * start)
    run(9, whole)
    state = run(4, parts)
    resumed = nn.Parameter(parts.detach().clone())
    run(5, resumed, state)
    assert torch.equal(whole, resumed)
    assert not torch.equal(whole, parts)


def test_a_start_off_the_manifold_or_another_retraction_is_one_line() -> None:
    start, step = pair(6, 3)
    StiefelSGD([nn.Parameter(start + 4e-4 * step / step.abs().max())], 0.1)
    for weights, way, message in (
        (start + 0.01 * step, "qr", r"weight of shape \(6, 3\) that is 0\.\d+ from orthonormal"),
        (start, "exp", "found 'exp'; accepted: qr, polar, cayley"),
    ):
        with pytest.raises(ValueError, match=message):
            StiefelSGD([nn.Parameter(weights)], 0.1, retraction=way)

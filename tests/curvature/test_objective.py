"""Products with the Hessian and the noise along vectors, against dense matrices and curvlinops."""

import numpy as np
import torch
import torch.nn.functional as F
from curvlinops import HessianLinearOperator
from torch import nn

from example_objectives import dense, objective
from gradnoise.curvature.objective import Objective, flatten, unflatten
from gradnoise.curvature.sharpness import batch_sharpness
from gradnoise.model.losses.cross_entropy import cross_entropy


def test_hessian_products_equal_the_dense_matrix() -> None:
    loss = objective()
    hessian, _ = dense(loss)
    vector = torch.randn(len(loss.position), generator=torch.Generator().manual_seed(0))
    product = loss.hessian_product(list(loss.parameters()), vector)
    assert np.allclose(product, hessian @ vector.double().numpy(), atol=1e-5)


def test_curvature_and_noise_in_a_subspace_equal_dense_ones() -> None:
    loss = objective()
    hessian, gradients = dense(loss)
    random = np.random.default_rng(0)
    whole = random.standard_normal((5, len(loss.position))).astype(np.float32)
    block = random.standard_normal((3, 27)).astype(np.float32)
    found = loss.curvature(
        {
            "model": (list(loss.parameters()), torch.from_numpy(whole)),
            "0.weight": (["0.weight"], torch.from_numpy(block)),
        }
    )
    for name, vectors, columns in (
        ("model", whole, slice(None)),
        ("0.weight", block, slice(0, 27)),
    ):
        projected = gradients[:, columns] @ vectors.T
        assert np.allclose(found[name].gradient, projected.mean(axis=0), atol=1e-5)
        assert np.allclose(
            found[name].noise_covariance, np.cov(projected.T, bias=True), rtol=1e-4, atol=1e-5
        )
        third = ((projected - projected.mean(axis=0)) ** 3).mean(axis=0)
        assert np.allclose(found[name].noise_third_moment, third, rtol=1e-3, atol=1e-4)
        expected = vectors @ hessian[columns, columns] @ vectors.T
        assert np.allclose(found[name].hessian, expected, rtol=1e-4, atol=1e-4)


def test_a_loss_that_is_linear_has_no_curvature() -> None:
    model = nn.Linear(3, 1, bias=False)
    inputs = torch.randn(6, 3, generator=torch.Generator().manual_seed(1))
    loss = Objective(model, lambda out, _: out.mean(), inputs, torch.zeros(6), flatten(model))
    found = loss.curvature({"model": (["weight"], torch.eye(3))})["model"]
    assert np.array_equal(found.hessian, np.zeros((3, 3)))
    assert np.allclose(found.noise_covariance, np.cov(inputs.T.numpy(), bias=True), atol=1e-6)


def test_hessian_products_equal_those_of_curvlinops() -> None:
    loss = objective()
    vector = torch.randn(len(loss.position), generator=torch.Generator().manual_seed(1))
    parameters = dict(loss.model.named_parameters())
    for names in (list(parameters), ["0.weight"]):
        block = [parameters[name] for name in names]
        data = [(loss.inputs, loss.targets)]
        operator = HessianLinearOperator(loss.model, nn.CrossEntropyLoss(), block, data)
        part = vector[: sum(each.numel() for each in block)]
        expected = (operator @ part).detach().numpy()
        assert np.allclose(loss.hessian_product(names, part), expected, atol=1e-5)


def test_the_value_is_the_mean_loss_whatever_the_micro_batches() -> None:
    loss = objective()
    expected = F.cross_entropy(loss.model(loss.inputs), loss.targets).item()
    assert abs(loss.value() - expected) < 1e-6
    assert loss.micro_batches(20) == [(0, 20), (20, 40), (40, 50)]


def test_a_parameter_that_the_loss_does_not_reach_has_no_gradient_and_no_curvature() -> None:
    model = nn.ModuleDict({"linear": nn.Linear(3, 2), "spare": nn.Linear(2, 2, bias=False)})
    model.forward = lambda inputs: model["linear"](inputs)
    samples = torch.randn(20, 3), torch.arange(20) % 2
    loss = Objective(model, F.cross_entropy, *samples, flatten(model))
    names, vectors = list(loss.parameters()), torch.eye(12)
    found = loss.curvature({"model": (names, vectors), "spare.weight": (names[-1:], torch.eye(4))})
    assert np.abs(found["model"].hessian[:8, :8]).max() > 0.01
    for each in (*(part[8:] for part in found["model"]), *found["spare.weight"]):
        assert np.array_equal(each, np.zeros_like(each))
    product = loss.hessian_product(names[-1:], torch.ones(4))
    assert torch.equal(product, torch.zeros(4))
    assert batch_sharpness(loss, np.arange(20).reshape(2, 10)).min() > 0


class Attention(nn.Module):
    """Embedded tokens attend to each other: torch's fused kernel has no second derivative."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.out = nn.Embedding(7, 4), nn.Linear(4, 3)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        values = self.embed(tokens).unsqueeze(1)
        return self.out(F.scaled_dot_product_attention(values, values, values).squeeze(1))


def test_attention_over_tokens_has_the_hessian_of_its_plain_formula() -> None:
    torch.manual_seed(3)
    model, tokens = Attention(), torch.randint(0, 7, (9, 5))
    targets = torch.randint(0, 3, (9, 5))
    found = Objective(model, cross_entropy, tokens, targets, flatten(model))
    vector = torch.randn(len(found.position))
    product = found.hessian_product(list(found.parameters()), vector)

    def value(position: torch.Tensor) -> torch.Tensor:
        parts = unflatten(model, position)
        values = parts["embed.weight"][tokens]
        mixed = torch.softmax(values @ values.mT / 2, dim=-1) @ values
        outputs = mixed @ parts["out.weight"].mT + parts["out.bias"]
        return F.cross_entropy(outputs.flatten(0, 1), targets.flatten())

    start = found.position.double()
    _, expected = torch.autograd.functional.hvp(value, start, vector.double())
    assert np.allclose(product, expected, atol=1e-6)


def test_a_loss_that_cannot_be_vectorised_is_taken_one_sample_at_a_time() -> None:
    def branching(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return (2.0 if int(targets[0]) else 1.0) * F.cross_entropy(outputs, targets)

    loss = objective(20)
    found = Objective(loss.model, branching, loss.inputs, loss.targets, loss.position)
    expected = loss.sample_losses(loss.parameters(), 0, 20) * torch.where(loss.targets > 0, 2, 1)
    assert torch.allclose(found.sample_losses(found.parameters(), 0, 20), expected)


def test_every_micro_batch_counts_once_and_the_last_as_it_is() -> None:
    """1,203 samples of a linear softmax: mean gradient, Hessian and noise over all of them, skewed and not centred."""
    random = np.random.default_rng(4)
    model = nn.Linear(3, 2)
    inputs = torch.from_numpy(random.gamma(1.0, size=(1203, 3)).astype(np.float32))
    targets = torch.from_numpy((random.random(1203) < 0.3).astype(np.int64))
    loss = Objective(model, F.cross_entropy, inputs, targets, flatten(model))
    assert [last - first for first, last in loss.micro_batches()] == [500, 500, 203]
    weights = [part.detach().double() for part in model.parameters()]
    x = torch.cat([inputs.double(), torch.ones(1203, 1)], 1)
    odds = (inputs.double() @ weights[0].T + weights[1]).softmax(1)
    error = odds - F.one_hot(targets)
    # In the order of the parameters: the weight's rows, then the biases.
    order = [0, 1, 2, 4, 5, 6, 3, 7]
    each = torch.einsum("no,nk->nok", error, x).flatten(1)[:, order].numpy()
    spread = torch.diag_embed(odds) - odds[:, :, None] * odds[:, None]
    blocks = torch.einsum("nop,nk,nl->okpl", spread, x, x).reshape(8, 8)[order][:, order]
    hessian = blocks.numpy() / 1203
    vector = random.standard_normal(8).astype(np.float32)
    product = loss.hessian_product(["weight", "bias"], torch.from_numpy(vector))
    assert np.allclose(product, hessian @ vector, rtol=1e-4, atol=1e-5)
    vectors = random.standard_normal((3, 8)).astype(np.float32)
    found = loss.curvature({"all": (["weight", "bias"], torch.from_numpy(vectors))})["all"]
    along = each @ vectors.T
    centred = along - along.mean(axis=0)
    assert np.allclose(found.gradient, along.mean(axis=0), atol=1e-5)
    assert np.allclose(found.hessian, vectors @ hessian @ vectors.T, rtol=1e-4, atol=1e-5)
    assert np.allclose(found.noise_covariance, centred.T @ centred / 1203, rtol=1e-5)
    assert np.allclose(found.noise_third_moment, (centred**3).mean(axis=0), rtol=1e-4)

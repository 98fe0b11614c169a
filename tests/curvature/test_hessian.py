"""Products with the Hessian, its eigenpairs and the noise along vectors, against dense matrices in float64."""

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from gradnoise.curvature.eigenpairs import eigenpairs
from gradnoise.curvature.objective import Objective, flatten, unflatten
from gradnoise.curvature.sharpness import batch_sharpness
from gradnoise.trajectory import slices
from gradnoise.trajectory.subspaces import MODEL, Projector, choose
from toy_network import images, network


def objective(samples: int = 50) -> Objective:
    model = network()
    return Objective(model, F.cross_entropy, *images(samples), flatten(model))


def dense(loss: Objective) -> tuple[np.ndarray, np.ndarray]:
    """Hessian (P, P) and per-sample gradients (N, P) by differentiating a double-precision copy."""
    model = network().double()
    inputs, targets = loss.inputs.double(), loss.targets
    start = loss.position.double()

    def value(vector: torch.Tensor, first: int, last: int) -> torch.Tensor:
        outputs = torch.func.functional_call(model, unflatten(model, vector), (inputs[first:last],))
        return F.cross_entropy(outputs, targets[first:last])

    hessian: Any = torch.autograd.functional.hessian(lambda v: value(v, 0, len(inputs)), start)
    gradients = [
        torch.func.grad(value)(start, index, index + 1).numpy() for index in range(len(inputs))
    ]
    return hessian.numpy(), np.array(gradients)


def test_hessian_products_equal_the_dense_matrix() -> None:
    loss = objective()
    hessian, _ = dense(loss)
    vector = torch.randn(len(loss.position), generator=torch.Generator().manual_seed(0))
    product = loss.hessian_product(list(loss.parameters()), vector)
    assert np.allclose(product, hessian @ vector.double().numpy(), atol=1e-5)


def test_eigenpairs_of_the_model_and_of_a_block_equal_dense_ones() -> None:
    loss = objective()
    hessian, _ = dense(loss)
    blocks = {(*loss.parameters(),): slice(None), ("0.weight",): slice(0, 27)}
    for names, columns in blocks.items():
        values, vectors = np.linalg.eigh(hessian[columns, columns])
        found = eigenpairs(loss, list(names), 4, seed=0)
        assert found.converged
        assert np.all(found.residuals < 1e-3)
        assert np.allclose(found.values, values[::-1][:4], rtol=1e-3)
        overlap = np.abs(np.sum(found.vectors * vectors[:, ::-1][:, :4].T, axis=1))
        assert np.all(overlap > 0.999)


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


def test_a_part_without_curvature_has_eigenvalues_of_zero() -> None:
    model = nn.Linear(6, 1, bias=False)
    inputs = torch.randn(6, 6, generator=torch.Generator().manual_seed(1))
    loss = Objective(model, lambda out, _: out.mean(), inputs, torch.zeros(6), flatten(model))
    found = eigenpairs(loss, ["weight"], 3, seed=0)
    assert np.array_equal(found.values, np.zeros(3))
    assert np.allclose(found.vectors @ found.vectors.T, np.eye(3), atol=1e-6)


def test_batch_sharpness_of_a_quadratic_is_the_curvature_along_the_gradient() -> None:
    # Loss (x . w - y)^2 with one sample: H = 2 x x^T, and the gradient lies along x.
    model = nn.Linear(2, 1, bias=False)
    inputs = torch.tensor([[3.0, 4.0], [1.0, 0.0]])
    loss = Objective(model, F.mse_loss, inputs, torch.zeros(2, 1), flatten(model))
    assert np.allclose(batch_sharpness(loss, np.array([[0], [1]])), [50, 2], rtol=1e-5)


def test_a_subspace_holds_unit_eigenvectors_random_directions_and_coordinates() -> None:
    loss = objective()
    settings = {"eigenvectors": 3, "random_directions": 2, "coordinates": 2, "seed": 1}
    found = choose(loss, ["0.weight"], settings)
    assert list(found) == ["0.weight", MODEL]
    for subspace in found.values():
        assert subspace.kind == ("eigenvector",) * 3 + ("random",) * 2 + ("coordinate",) * 2
        assert np.allclose(np.linalg.norm(subspace.vectors, axis=1), 1, atol=1e-5)
        assert subspace.converged
        assert np.all(np.diff(subspace.eigenvalue[:3]) <= 0)
    again = choose(loss, ["0.weight"], settings)
    assert np.array_equal(found[MODEL].vectors, again[MODEL].vectors)


def test_displacements_are_projected_onto_each_subspace() -> None:
    loss = objective()
    settings = {"eigenvectors": 2, "random_directions": 1, "coordinates": 1, "seed": 1}
    subspaces = choose(loss, ["3.weight"], settings)
    sizes = {name: part.numel() for name, part in loss.parameters().items()}
    moved = torch.randn(3, len(loss.position), generator=torch.Generator().manual_seed(2))
    for name, (projected, squared) in (
        Projector(subspaces, sizes, moved.device).project(moved).items()
    ):
        parameters = subspaces[name].parameters
        part = torch.cat(
            [
                each.reshape(3, -1)
                for key, each in unflatten(loss.model, moved).items()
                if key in parameters
            ],
            dim=1,
        )
        assert np.allclose(projected, part.numpy() @ subspaces[name].vectors.T, atol=1e-5)
        assert np.allclose(squared, part.square().sum(1), rtol=1e-5)


def test_the_potential_along_an_eigenvector_is_its_parabola() -> None:
    # A regression's loss is a parabola along every line; its L2 penalty adds to the curvature.
    model = nn.Linear(4, 1, bias=False)
    inputs = torch.randn(200, 4, generator=torch.Generator().manual_seed(3))
    loss = Objective(model, F.mse_loss, inputs, inputs[:, :1], flatten(model))
    vector = np.zeros((1, 4), np.float32)
    vector[0, 2] = 1
    distances, losses = slices.lines(loss, 0.5, vector, np.array([0.1]), slices.POTENTIAL)
    fitted = np.polyfit(distances[0], losses[0], 2)
    assert fitted[0] == pytest.approx(float(inputs[:, 2].square().mean()) + 0.25, rel=1e-3)
    wide, _ = slices.lines(loss, 0.5, vector, np.array([0.1]), slices.BASIN)
    assert np.allclose(wide[0], 0.1 * slices.BASIN)

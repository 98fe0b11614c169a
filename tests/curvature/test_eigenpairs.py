"""Eigenpairs of the Hessian, against dense matrices and curvlinops."""

import numpy as np
import torch
from curvlinops import HessianLinearOperator
from scipy.sparse.linalg import eigsh
from torch import nn

from example_objectives import dense, objective
from gradnoise.curvature.eigenpairs import eigenpairs
from gradnoise.curvature.objective import Objective, flatten


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


def test_a_part_without_curvature_has_eigenvalues_of_zero() -> None:
    model = nn.Linear(6, 1, bias=False)
    inputs = torch.randn(6, 6, generator=torch.Generator().manual_seed(1))
    loss = Objective(model, lambda out, _: out.mean(), inputs, torch.zeros(6), flatten(model))
    found = eigenpairs(loss, ["weight"], 3, seed=0)
    assert np.array_equal(found.values, np.zeros(3))
    assert np.allclose(found.vectors @ found.vectors.T, np.eye(3), atol=1e-6)


def test_eigenvalues_equal_those_of_curvlinops_operator() -> None:
    loss = objective()
    parameters = list(loss.model.parameters())
    operator = HessianLinearOperator(
        loss.model, nn.CrossEntropyLoss(), parameters, [(loss.inputs, loss.targets)]
    )
    expected = eigsh(operator.to_scipy(), 3, which="LA", return_eigenvectors=False)
    found = eigenpairs(loss, list(loss.parameters()), 3, seed=0)
    assert np.allclose(found.values, np.sort(expected)[::-1], rtol=1e-3)


def test_a_block_no_larger_than_what_is_asked_for_has_all_its_eigenpairs() -> None:
    loss = objective()
    hessian, _ = dense(loss)
    found = eigenpairs(loss, ["3.bias"], 5, seed=0)
    assert found.converged
    assert np.allclose(found.values, np.linalg.eigvalsh(hessian[-3:, -3:])[::-1], atol=1e-6)
    assert np.allclose(found.vectors @ found.vectors.T, np.eye(3), atol=1e-6)


def test_a_block_of_one_element_is_its_own_eigenpair() -> None:
    model = nn.Linear(2, 1)
    inputs, targets = torch.randn(6, 2), torch.zeros(6, 1)
    found = eigenpairs(
        Objective(model, nn.functional.mse_loss, inputs, targets, flatten(model)), ["bias"], 4, 0
    )
    assert np.allclose(found.values, [2], rtol=1e-6)
    assert np.array_equal(np.abs(found.vectors), [[1]])

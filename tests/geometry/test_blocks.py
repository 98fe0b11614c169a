"""The Fisher information's largest eigenvalue lies between its blocks' and the Jacobians' bound."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from example_geometry import jacobians, perceptron
from gradnoise.geometry import block_bound, initialise


@pytest.mark.parametrize(
    ("method", "low", "high"),
    [("orthogonal", (7.8, 7.8, 10.4), (8.5, 8.7, 11.2)), ("gaussian", (25, 30, 40), (70, 80, 100))],
)
def test_orthogonal_networks_have_smaller_eigenvalues_and_the_bound_holds(
    method, low, high
) -> None:
    # tanh, depth 8, width 16, q = 1/64.
    inputs = torch.randn(40, 16, generator=torch.Generator().manual_seed(0)).double() / 8
    for seed in range(3):
        model = perceptron([16] * 9)
        initialise(model, method, 1 / 64, seed)
        largest, *others = block_bound(model, inputs)
        assert largest < others[0] < others[1] < others[2]
        assert np.all(np.array(low) < others)
        assert np.all(others < np.array(high))


def test_every_member_equals_its_definition() -> None:
    model = perceptron([4, 6, 3, 2])
    initialise(model, "gaussian", 0.9, seed=2)
    inputs = torch.randn(11, 4, generator=torch.Generator().manual_seed(3)).double()
    each = jacobians(model, inputs)
    dense = np.einsum("nop,noq->pq", each, each) / 11
    edges = [0, 30, 51, 59]
    blocks = [np.linalg.eigvalsh(dense[a:b, a:b])[-1] for a, b in pairwise(edges)]
    # The Jacobian from a layer's preactivations is the gradient by its bias.
    bound = 0.0
    for biases, entered in (
        (each[:, :, 24:30], inputs),
        (each[:, :, 48:51], model[:2](inputs)),
        (each[:, :, 57:59], model[:4](inputs)),
    ):
        lengths = (entered.detach().numpy() ** 2).sum(1) + 1
        bound += float(np.mean(lengths * np.linalg.norm(biases, 2, axis=(1, 2)) ** 2))
    expected = max(blocks), np.linalg.eigvalsh(dense)[-1], sum(blocks), bound
    assert np.allclose(block_bound(model, inputs), expected, rtol=1e-9)


def test_without_biases_the_bound_has_no_one() -> None:
    layer = nn.Linear(3, 2, bias=False).double()
    inputs = torch.tensor([[1.0, 2.0, 2.0]]).double()
    assert np.allclose(block_bound(layer, inputs), [9, 9, 9, 9])
    assert np.allclose(block_bound(nn.Linear(3, 2).double(), inputs), [10, 10, 10, 10])
    frozen = nn.Linear(3, 2).double()
    frozen.weight.requires_grad_(False)
    assert np.allclose(block_bound(frozen, inputs), [1, 1, 1, 1])


def test_parameters_elsewhere_are_one_line() -> None:
    model = nn.Sequential(nn.Linear(3, 3), nn.LayerNorm(3))
    with pytest.raises(ValueError, match=r"found 1\.weight, 1\.bias; linear layers' alone"):
        block_bound(model, torch.ones(2, 3))

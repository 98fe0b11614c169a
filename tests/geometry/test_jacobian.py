"""Jacobians against products of matrices and one backward pass an output."""

import numpy as np
import pytest
import torch
from torch import nn

from example_geometry import perceptron
from gradnoise.geometry import initialise, jacobian_singular_values
from gradnoise.geometry.jacobian import layer_jacobians
from toy_network import images, network


def by_definition(model: nn.Module, inputs: torch.Tensor) -> np.ndarray:
    found = []
    for sample in inputs:
        whole = torch.autograd.functional.jacobian(lambda x: model(x[None])[0], sample)
        found.append(torch.linalg.svdvals(whole.flatten(1)).numpy())
    return np.array(found)


@pytest.mark.parametrize("widths", [(5, 4, 3), (2, 6, 7)])
def test_singular_values_are_those_of_every_samples_jacobian(widths: tuple[int, ...]) -> None:
    model = perceptron(widths)
    initialise(model, "gaussian", 0.8, seed=1)
    inputs = torch.randn(9, widths[0], generator=torch.Generator().manual_seed(1)).double()
    expected = by_definition(model, inputs)
    assert expected.shape == (9, min(widths[0], widths[-1]))
    for chunk in (64, 4):
        found = jacobian_singular_values(model, inputs.numpy(), chunk)
        assert found.dtype == np.float64
        assert np.allclose(found, expected, rtol=1e-10)


def test_images_are_flattened_and_the_model_stays() -> None:
    model, (inputs, _) = network(batch_norm=True).eval(), images(5)
    before = [part.clone() for part in model.state_dict().values()]
    found = jacobian_singular_values(model, inputs)
    assert np.allclose(found, by_definition(model, inputs), rtol=1e-4)
    assert all(map(torch.equal, before, model.state_dict().values()))


def test_what_has_no_jacobian_is_one_line() -> None:
    inputs, _ = images(5)
    with pytest.raises(ValueError, match=r"1 \(BatchNorm2d\) is in train mode"):
        jacobian_singular_values(network(batch_norm=True), inputs)
    with pytest.raises(ValueError, match="real numbers"):
        jacobian_singular_values(network(), inputs.long())
    with pytest.raises(ValueError, match="not finite"):
        jacobian_singular_values(network(), inputs * torch.nan)


def test_a_layers_jacobian_is_the_product_of_what_follows() -> None:
    model = perceptron([3, 5, 4, 2])
    samples = torch.tensor([[0.3, -1.2, 0.7], [1.1, 0.4, -0.2]]).double()
    found = layer_jacobians(model, samples)
    sample = samples[1]
    first, second, last = model[0], model[2], model[4]
    inside = [sample]
    with torch.no_grad():
        inside.append(first(sample).tanh())
        inside.append(second(inside[1]).tanh())
        slopes = [torch.diag(1 - each**2) for each in inside]
        to_second = last.weight @ slopes[2]
        expected = [to_second @ second.weight @ slopes[1], to_second, torch.eye(2).double()]
    assert list(found) == ["0", "2", "4"]
    for (given, jacobian), entered, product in zip(found.values(), inside, expected, strict=True):
        assert torch.allclose(given[1], entered)
        assert torch.allclose(jacobian[1], product)


def test_a_layer_called_twice_or_on_sequences_is_one_line() -> None:
    shared = nn.Linear(3, 3)
    with pytest.raises(ValueError, match=r"layer 0: found a layer called twice"):
        layer_jacobians(nn.Sequential(shared, nn.Tanh(), shared), torch.zeros(2, 3))
    with pytest.raises(ValueError, match="on sequences"):
        layer_jacobians(nn.Sequential(shared), torch.zeros(2, 4, 3))
    assert not shared._forward_hooks

"""Orthogonal, delta-orthogonal and Gaussian weights."""

import numpy as np
import pytest
import torch
from torch import nn

from gradnoise.draws.streams import Stream, generator
from gradnoise.geometry import critical_initialisation, initialise, jacobian_singular_values
from gradnoise.geometry.weights import delta_orthogonal, gaussian, orthogonal


def random(seed: int = 0) -> np.random.Generator:
    return generator(seed, Stream.INITIALISATION)


@pytest.mark.parametrize("shape", [(5, 5), (7, 4), (3, 8), (3, 2, 3, 3), (40, 2, 3, 3)])
def test_orthogonal_weights_have_orthonormal_rows_or_columns(shape: tuple[int, ...]) -> None:
    flat = orthogonal(shape, random()).reshape(shape[0], -1)
    gram = flat @ flat.T if flat.shape[0] <= flat.shape[1] else flat.T @ flat
    assert np.allclose(gram, np.eye(len(gram)), atol=1e-13)


def test_orthogonal_weights_are_haar_distributed() -> None:
    # Over O(n) the trace has mean 0, variance 1 and fourth moment 3; without the signs its mean is not 0.
    stream = random()
    traces = np.array([np.trace(orthogonal((4, 4), stream)) for _ in range(4000)])
    assert abs(traces.mean()) < 4 / 4000**0.5
    assert abs(traces.var() - 1) < 0.09
    assert abs((traces**4).mean() - 3) < 0.4


def test_a_delta_orthogonal_convolution_keeps_every_length() -> None:
    layer = nn.Conv2d(3, 5, 3, padding=1, bias=False).double()
    layer.weight.data = torch.from_numpy(delta_orthogonal((5, 3, 3, 3), random()))
    images = torch.randn(4, 3, 6, 6, generator=torch.Generator().manual_seed(0)).double()
    assert torch.allclose(layer(images).flatten(1).norm(dim=1), images.flatten(1).norm(dim=1))
    assert np.allclose(jacobian_singular_values(layer, images), 1)
    assert int((layer.weight != 0).sum()) == 15


@pytest.mark.parametrize("shape", [(4, 5, 3, 3), (6, 5, 2, 3)])
def test_what_cannot_be_delta_orthogonal_is_one_line(shape: tuple[int, ...]) -> None:
    with pytest.raises(
        ValueError, match=r"found 4 outputs and 5 inputs|found a kernel of \(2, 3\)"
    ):
        delta_orthogonal(shape, random())


def test_gaussian_weights_have_the_variance_of_one_over_fan_in() -> None:
    found = gaussian((300, 8, 3, 3), random())
    assert abs(found.var() * 72 - 1) < 0.05


def network(outputs: int = 6) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(2, outputs, 3, padding=1),
        nn.BatchNorm2d(outputs),
        nn.Flatten(),
        nn.Linear(16 * outputs, 2000),
    )


@pytest.mark.parametrize("method", ["orthogonal", "delta_orthogonal", "gaussian"])
def test_a_network_gets_its_critical_standard_deviations(method: str) -> None:
    model, again, other = network(), network(), network()
    for each, seed in ((model, 5), (again, 5), (other, 6)):
        initialise(each, method, 0.5, seed)
    weight_std, bias_std, _ = critical_initialisation("tanh", 0.5)
    for name, part in model.named_parameters():
        drawn = not name.startswith("1.")
        assert torch.equal(part, again.get_parameter(name))
        assert torch.equal(part, other.get_parameter(name)) != drawn
    assert abs(model[3].bias.std() / bias_std - 1) < 0.06
    values = torch.linalg.svdvals(model[3].weight)
    if method == "gaussian":
        assert abs(model[3].weight.std() * 96**0.5 / weight_std - 1) < 0.02
    else:
        assert torch.allclose(values, torch.full((96,), weight_std), rtol=1e-5)
    centre_alone = torch.equal(model[0].weight[:, :, 0, 0], torch.zeros(6, 2))
    assert centre_alone == (method == "delta_orthogonal")


def test_what_cannot_be_initialised_is_one_line_and_changes_nothing() -> None:
    model = nn.Sequential(nn.Conv2d(1, 4, 1), nn.Conv2d(4, 2, 1))
    before = model[0].weight.clone()
    with pytest.raises(ValueError, match="initialisation of 1: delta_orthogonal: found 2 outputs"):
        initialise(model, "delta_orthogonal", 0.5, 0)
    assert torch.equal(model[0].weight, before)
    with pytest.raises(ValueError, match="found 'haar'; accepted: orthogonal"):
        initialise(model, "haar", 0.5, 0)
    with pytest.raises(ValueError, match="no linear layer"):
        initialise(nn.ReLU(), "orthogonal", 0.5, 0)
    grouped = nn.Conv2d(4, 4, 1, groups=2)
    with pytest.raises(ValueError, match="found 2 groups"):
        initialise(grouped, "orthogonal", 0.5, 0)
    initialise(grouped, "gaussian", 0.5, 0)


def test_linear_layers_of_a_delta_orthogonal_network_are_orthogonal_and_may_narrow() -> None:
    model = nn.Sequential(
        nn.Conv2d(2, 3, 3), nn.Flatten(), nn.Linear(12, 5), nn.Linear(5, 7)
    ).double()
    initialise(model, "delta_orthogonal", 0.5, 0)
    weight, wider = model[2].weight.detach(), model[3].weight.detach()
    gain = critical_initialisation("tanh", 0.5).weight_std
    assert torch.allclose(weight @ weight.T, gain**2 * torch.eye(5, dtype=weight.dtype))
    assert torch.allclose(wider.T @ wider, gain**2 * torch.eye(5, dtype=weight.dtype))
    assert (model[0].weight.detach()[:, :, 0, 0] == 0).all()

import pytest
import torch
from torch import nn

from gradnoise.model import factory, modules
from gradnoise.model.networks import NETWORKS


@pytest.mark.parametrize("name", list(NETWORKS))
@pytest.mark.parametrize("shape", [(3, 32, 32), (1, 37, 29)])
def test_every_network_gives_its_outputs_for_any_image_that_fits(name, shape):
    arguments = {"hidden_features": 16} if name == "alexnet_three_linear" else {}
    model = factory.build({"name": name, "arguments": arguments}, shape, 7, seed=1)
    assert model(torch.zeros(2, *shape)).shape == (2, 7)


def test_the_shortcut_takes_every_second_pixel_and_pads_channels():
    silent = [nn.Conv2d(2, 6, 3, stride=2, padding=1), nn.Conv2d(6, 6, 3, padding=1)]
    for layer in silent:
        nn.init.zeros_(layer.weight)
        nn.init.zeros_(layer.bias)
    block = modules.Residuals({"layer1": silent[0], "layer2": silent[1]})
    image = torch.rand(1, 2, 4, 4)
    expected = torch.zeros(1, 6, 2, 2)
    expected[:, 2:4] = image[:, :, ::2, ::2]
    assert torch.equal(block(image), expected)


def test_a_deep_resnet_without_batch_norm_starts_bounded():
    model = factory.build(
        {"name": "resnet56", "arguments": {"batch_norm": False}}, (1, 12, 12), 10, 1
    )
    spread = model(torch.randn(16, 1, 12, 12)).std()
    assert 0.05 < spread < 20

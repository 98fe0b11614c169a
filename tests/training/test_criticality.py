"""Networks at the critical initialisation that the config asks for."""

import pytest
import torch
from torch import nn

from gradnoise.geometry import critical_initialisation
from gradnoise.training.criticality import initialise_critically

ORTHOGONAL = {"initialisation": "orthogonal", "q": 0.5}


@pytest.mark.parametrize(
    ("activation", "same"),
    [
        *((nn.Tanh, "tanh"), (nn.Hardtanh, "hard_tanh"), (nn.ReLU, "relu"), (nn.GELU, nn.GELU())),
        (nn.Identity, "linear"),
    ],
)
def test_weights_have_the_gain_of_the_networks_own_activation(activation, same) -> None:
    model = nn.Sequential(nn.Linear(6, 5), activation(), nn.Linear(5, 3))
    initialise_critically(model, ORTHOGONAL, seed=4)
    gain = critical_initialisation(same, 0.5).weight_std
    for layer in (model[0], model[2]):
        values = torch.linalg.svdvals(layer.weight.detach())
        assert torch.allclose(values, torch.full_like(values, gain), atol=1e-6)


def test_one_layer_needs_no_activation() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(4, 3))
    initialise_critically(model, ORTHOGONAL, seed=4)
    assert torch.allclose(torch.linalg.svdvals(model[1].weight.detach()), torch.ones(3), atol=1e-6)


@pytest.mark.parametrize(
    ("middle", "message"),
    [
        ([nn.Tanh(), nn.Linear(3, 3), nn.ReLU()], "activations ReLU, Tanh; needed: one kind"),
        ([], "activations of no module"),
        ([nn.Sigmoid()], "no critical fixed point at q = 0.5"),
    ],
)
def test_what_is_not_to_be_told_is_one_line(middle: list[nn.Module], message: str) -> None:
    model = nn.Sequential(nn.Linear(3, 3), *middle, nn.Linear(3, 3))
    with pytest.raises(ValueError, match=message):
        initialise_critically(model, ORTHOGONAL, seed=4)

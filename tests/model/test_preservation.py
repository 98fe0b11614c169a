import random

import numpy as np
import torch
from torch import nn

from gradnoise.model.preservation import preserved


def network():
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)).train()
    model[0].bias.requires_grad_(False)
    model[0].weight.grad = torch.ones(4, 3)
    return model


def disturb(model):
    model.eval()
    model[1].train()
    model.requires_grad_(True)
    model.zero_grad()
    model(torch.randn(8, 3)).sum().backward()  # moves BatchNorm's running statistics too
    with torch.no_grad():
        model[0].weight.add_(1)
    model[1].running_mean = torch.full((4,), 9.0)
    random.random(), np.random.rand()  # noqa: NPY002


def test_weights_statistics_gradients_and_flags_come_back():
    model = network()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with preserved(model):
        disturb(model)
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, before[name]), name
    assert torch.equal(model[0].weight.grad, torch.ones(4, 3))
    assert model[1].weight.grad is None
    assert [p.requires_grad for p in model.parameters()] == [True, False, True, True]
    assert all(module.training for module in model.modules())


def test_global_random_streams_come_back_after_an_error_too():
    def drawn():
        return random.random(), np.random.rand(), torch.rand(1).item()  # noqa: NPY002

    model = network()
    random.seed(1), np.random.seed(1), torch.manual_seed(1)  # noqa: NPY002
    expected = drawn()
    random.seed(1), np.random.seed(1), torch.manual_seed(1)  # noqa: NPY002
    try:
        with preserved(model):
            disturb(model)
            raise KeyError
    except KeyError:
        pass
    assert drawn() == expected

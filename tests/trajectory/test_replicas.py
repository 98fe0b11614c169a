"""Replicas of SGD against torch's optimizer."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from gradnoise.curvature.objective import flatten
from gradnoise.trajectory.replicas import Replicas, Step, is_batched
from toy_network import network


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("convolutional", [False, True])
def test_replicas_step_as_torch_sgd_does(convolutional: bool, nesterov: bool) -> None:
    random = torch.Generator().manual_seed(0)
    torch.manual_seed(0)
    made = (
        network()
        if convolutional
        else nn.Sequential(nn.Flatten(), nn.Linear(64, 5), nn.Tanh(), nn.Linear(5, 3))
    )
    inputs = torch.randn(4, 2, 6, 1, 8, 8, generator=random)
    targets = torch.randint(0, 3, (4, 2, 6), generator=random)
    replicas = Replicas(made, F.cross_entropy, Step(0.1, 0.8, nesterov, 0.01), 2)
    assert replicas.batched is not convolutional
    before = flatten(made)
    losses = [replicas.advance(x, y) for x, y in zip(inputs, targets, strict=True)]
    assert torch.equal(flatten(made), before)
    for replica in range(2):
        alone = network() if convolutional else made
        nn.utils.vector_to_parameters(before.clone(), alone.parameters())
        optimizer = torch.optim.SGD(
            alone.parameters(), 0.1, momentum=0.8, nesterov=nesterov, weight_decay=0.01
        )
        for step in range(4):
            optimizer.zero_grad()
            loss = F.cross_entropy(alone(inputs[step, replica]), targets[step, replica])
            loss.backward()
            optimizer.step()
            assert float(losses[step][replica]) == pytest.approx(loss.item(), rel=1e-5)
        assert torch.allclose(replicas.position[replica], flatten(alone), atol=1e-6)


def test_only_networks_of_linear_layers_are_batched() -> None:
    assert is_batched(nn.Sequential(nn.Flatten(), nn.Linear(3, 2)))
    assert not is_batched(network())
    assert not is_batched(nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3)))

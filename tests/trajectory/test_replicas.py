"""Replicas of SGD against torch's optimizer."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import parametrizations

from gradnoise.curvature.objective import flatten
from gradnoise.errors import InputError
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
    alone_losses = torch.zeros(4, 2)
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
            alone_losses[step, replica] = loss.item()
        assert torch.allclose(replicas.position[replica], flatten(alone), atol=1e-6)
    assert torch.allclose(torch.stack(losses), alone_losses.mean(dim=1), rtol=1e-5)


def by_torch(alone: nn.Module, inputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Where torch's optimizer takes one replica."""
    optimizer = torch.optim.SGD(alone.parameters(), 0.1)
    for x, y in zip(inputs, targets, strict=True):
        optimizer.zero_grad()
        F.cross_entropy(alone(x), y).backward()
        optimizer.step()
    return flatten(alone)


class Masked(nn.Linear):
    def forward(self, input: torch.Tensor) -> torch.Tensor:
        return F.linear(input, self.weight.tril(), self.bias)


class Spare(nn.Module):
    """A layer that the forward does not use."""

    def __init__(self) -> None:
        super().__init__()
        self.linear, self.spare = nn.Linear(6, 3), nn.Linear(2, 2)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return self.linear(inputs)


class Branching(nn.Module):
    """A forward that looks at its numbers, which torch.func cannot follow for many replicas."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(6, 3)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        outputs = self.linear(inputs)
        return outputs * 2 if inputs.sum() > 0 else outputs


def own_forward() -> nn.Module:
    model = nn.Linear(6, 3)
    model.forward = lambda inputs: F.linear(inputs, 2 * model.weight)  # type: ignore[method-assign]
    return model


def hooked() -> nn.Module:
    model = nn.Sequential(nn.Linear(6, 4), nn.Tanh(), nn.Linear(4, 3))
    model[0].register_forward_hook(lambda module, inputs, outputs: 3 * outputs)
    return model


def weight_normalised(norm: Callable[[nn.Module], nn.Module]) -> nn.Module:
    return nn.Sequential(norm(nn.Linear(6, 4)), nn.Tanh(), nn.Linear(4, 3))


@pytest.mark.parametrize(
    ("make", "batched"),
    [
        (lambda: nn.Sequential(Masked(6, 8), nn.Tanh(), nn.Linear(8, 3)), False),
        (lambda: weight_normalised(parametrizations.weight_norm), False),
        (lambda: weight_normalised(nn.utils.weight_norm), False),
        (own_forward, False),
        (hooked, False),
        (Branching, False),
        (Spare, True),
    ],
    ids=["subclass", "parametrised", "weight norm", "own forward", "hook", "branch", "unused"],
)
@pytest.mark.filterwarnings("ignore:.*weight_norm.*:FutureWarning")
def test_replicas_use_a_modules_own_forward(make: Callable[[], nn.Module], batched: bool) -> None:
    def model() -> nn.Module:
        torch.manual_seed(0)
        return make()

    inputs, targets = torch.randn(5, 2, 8, 6), torch.randint(0, 3, (5, 2, 8))
    replicas = Replicas(model(), F.cross_entropy, Step(0.1, 0.0, False, 0.0), 2)
    for x, y in zip(inputs, targets, strict=True):
        replicas.advance(x, y)
    assert replicas.batched is batched
    for replica in range(2):
        expected = by_torch(model(), inputs[:, replica], targets[:, replica])
        assert torch.allclose(replicas.position[replica], expected, atol=1e-6)


class Listed(nn.Module):
    """A forward that reaches its parameters through a list of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(6, 3)
        self.members = list(self.linear.parameters())

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return F.linear(inputs, *self.members)


def test_parameters_that_cannot_be_swapped_are_refused() -> None:
    torch.manual_seed(0)
    linear = nn.Linear(6, 3)
    losses = {
        Listed(): F.cross_entropy,
        linear: lambda outputs, y: F.cross_entropy(outputs, y) + linear.weight.square().sum(),
        nn.Sequential(nn.Linear(6, 3), nn.Dropout()): F.cross_entropy,
    }
    for model, loss in losses.items():
        replicas = Replicas(model, loss, Step(0.1, 0.0, False, 0.0), 2)
        with pytest.raises(InputError, match=r"the gradient of \S*weight"):
            replicas.advance(torch.randn(2, 8, 6), torch.randint(0, 3, (2, 8)))


def test_a_loss_that_reaches_no_parameter_is_refused() -> None:
    replicas = Replicas(
        nn.Linear(6, 3), lambda outputs, _: outputs.detach().mean(), Step(0.1, 0.0, False, 0.0), 2
    )
    with pytest.raises(InputError, match="none of the trainable parameters"):
        replicas.advance(torch.randn(2, 8, 6), torch.zeros(2, 8))


def test_only_networks_of_linear_layers_are_batched() -> None:
    assert is_batched(nn.Sequential(nn.Flatten(), nn.Linear(3, 2)))
    assert not is_batched(network())
    assert not is_batched(nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3)))

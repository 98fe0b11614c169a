"""Models and losses that mislead a per-sample gradient, and what plain autograd says of them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import nn
from torch.nn.parameter import Parameter

Loss = Callable[[Any, torch.Tensor], torch.Tensor]


class Sorted(nn.Module):
    """Sorts its batch by the first feature, and puts it back at the end."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(6, 8), nn.Linear(8, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        order = torch.argsort(x[:, 0], descending=True, stable=True)
        return self.b(torch.tanh(self.a(x[order])))[torch.argsort(order)]


class TimeFirst(nn.Module):
    """Its first layer sees (time, samples, features)."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(6, 8), nn.Linear(8, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.b(torch.tanh(self.a(x.transpose(0, 1))).mean(0))


class UsedTwice(nn.Module):
    """A weight that is used past its module as well."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(6, 6), nn.Linear(6, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.b(torch.tanh(self.a(x)) + x @ self.a.weight)


class Doubling(nn.Linear):
    """A subclass with another forward."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(2 * x)


class Listed(nn.Module):
    """Reaches its parameters by a list of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.weights = []
        for index, shape in enumerate(((6, 8), (8, 3))):
            weight = Parameter(torch.randn(shape) * 0.4)
            self.register_parameter(f"weight{index}", weight)
            self.weights.append(weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.tanh(x @ self.weights[0]) @ self.weights[1]


class Scaled(nn.Module):
    """A parameter of no dimension, and one that nothing uses."""

    def __init__(self) -> None:
        super().__init__()
        self.scale, self.unused = Parameter(torch.tensor(1.5)), Parameter(torch.ones(4))
        self.linear = nn.Linear(6, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.scale * self.linear(x)


class InPlace(nn.Module):
    """Changes what it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(6, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x.mul_(0.5).sub_(0.1)
        return self.linear(x)


class Tokens(nn.Module):
    """Words in, words out; one of its parameters is sparse."""

    def __init__(self, sparse: bool = False) -> None:
        super().__init__()
        self.embed, self.out = nn.Embedding(20, 6, sparse=sparse), nn.Linear(6, 20)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.out(torch.tanh(self.embed(tokens)))


def gradients(model: nn.Module, loss: Loss, x: torch.Tensor, y: torch.Tensor) -> NDArray[Any]:
    """Plain gradient of one batch, float64, all trainable parameters in a row."""
    parameters = [each for each in model.parameters() if each.requires_grad]
    found = torch.autograd.grad(loss(model(x.clone()), y), parameters, allow_unused=True)
    flat = [
        torch.zeros_like(each) if one is None else (one.to_dense() if one.is_sparse else one)
        for each, one in zip(parameters, found, strict=True)
    ]
    return np.concatenate([each.detach().double().numpy().ravel() for each in flat])


def one_by_one(model: nn.Module, loss: Loss, x: torch.Tensor, y: torch.Tensor) -> NDArray[Any]:
    """Every sample's gradient as a batch of one, float64 (n, P)."""
    rows = [gradients(model, loss, x[i : i + 1], y[i : i + 1]) for i in range(len(x))]
    return np.stack(rows)


def vectors(count: int = 40) -> tuple[torch.Tensor, torch.Tensor]:
    """Inputs of six features and three classes."""
    return torch.randn(count, 6), torch.randint(0, 3, (count,))


cross_entropy = F.cross_entropy

"""Small networks with every kind of layer, and images for them."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import nn


def images(count: int = 7, size: int = 12) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.randn(count, 3, size, size), torch.randint(0, 5, (count,))


def classifier(*layers: nn.Module) -> nn.Sequential:
    return nn.Sequential(*layers, nn.ReLU(inplace=True), nn.Flatten(), nn.LazyLinear(5)).eval()


CONVOLUTIONS = {
    "plain": {"kernel_size": 3},
    "padded, strided, dilated": {
        "kernel_size": (3, 2),
        "padding": (2, 1),
        "stride": (2, 3),
        "dilation": 2,
    },
    "same": {"kernel_size": (4, 3), "padding": "same"},
    "valid, no bias": {"kernel_size": 2, "padding": "valid", "bias": False},
    "reflected": {"kernel_size": 3, "padding": 1, "padding_mode": "reflect"},
    "circular": {"kernel_size": 3, "padding": 2, "padding_mode": "circular"},
}


class Unexpected(nn.Module):
    """Weights used by several modules, several times, past their modules, and by other modules."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution, self.group_norm = nn.Conv2d(3, 8, 3), nn.GroupNorm(2, 8)
        self.twice, self.functional = nn.Linear(8, 8, bias=False), nn.Linear(8, 8)
        self.both, self.one, self.other = nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, 8)
        self.other.weight = self.one.weight
        self.recurrent = nn.GRU(8, 8, batch_first=True)
        self.scale, self.unused = nn.Parameter(torch.randn(8)), nn.Linear(3, 3)
        self.frozen, self.out = nn.Linear(8, 8).requires_grad_(False), nn.Linear(8, 5)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        hidden = self.group_norm(self.convolution(inputs)).relu_().mean(3).transpose(1, 2)
        hidden = self.twice(self.twice(hidden)) * self.scale
        hidden = F.linear(hidden, self.functional.weight, self.functional.bias)
        hidden = self.both(hidden) + hidden @ self.both.weight
        hidden = self.other(self.one(hidden))
        hidden = self.recurrent(hidden)[0]
        return self.out(self.frozen(hidden).mean(1))


class Centred(nn.Module):
    def __init__(self, random: bool = False) -> None:
        super().__init__()
        self.linear, self.random = nn.Linear(4, 5), random

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        outputs = self.linear(inputs)
        return F.dropout(outputs, 0.5) if self.random else outputs - outputs.mean(0)


class Attending(nn.Module):
    """Attention on the samples' own sequences, or on another view of them, in either order of axes."""

    def __init__(self, cross: bool = False, first: bool = True, **options: Any) -> None:
        super().__init__()
        self.cross, self.first = cross, first
        self.attention = nn.MultiheadAttention(4, 2, batch_first=first, **options)
        self.out = nn.Linear(4, 5)
        for name, each in self.named_parameters():
            if name.endswith(("bias", "bias_k", "bias_v")):
                nn.init.normal_(each)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        other = torch.tanh(inputs[:, 1:]) if self.cross else inputs
        kdim, vdim = self.attention.kdim, self.attention.vdim
        key, value = F.pad(other, (0, kdim - 4)), F.pad(other, (0, vdim - 4), value=0.3)
        given = (inputs, key, value) if self.cross else (inputs, inputs, inputs)
        if not self.first:
            moved = inputs.transpose(0, 1)
            given = tuple(each.transpose(0, 1) for each in given) if self.cross else (moved,) * 3
        attended = self.attention(*given)[0]
        return self.out(torch.tanh(attended).mean(1 if self.first else 0))

"""Random small models from a grammar of what papers build with torch, and the data that they take."""

import random
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.parameter import Parameter

Step = tuple[nn.Module, tuple[int, ...]]  # a module, and the shape of one sample after it
SAMPLES = 10


class Call(nn.Module):
    """A function of the input and of some modules and parameters."""

    def __init__(self, function: Callable[..., torch.Tensor], *parts: Any) -> None:
        super().__init__()
        self.function, self.parts = function, []
        for index, part in enumerate(parts):
            if isinstance(part, nn.Module):
                self.add_module(f"part{index}", part)
            elif isinstance(part, Parameter):
                self.register_parameter(f"weight{index}", part)
        self.names = [
            f"{'part' if isinstance(part, nn.Module) else 'weight'}{index}"
            for index, part in enumerate(parts)
        ]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(x, *(getattr(self, name) for name in self.names))


class Misleading(Call):
    """Its modules' calls do not explain their parameters' gradients."""


class Cube(torch.autograd.Function):
    """An operation with a backward of its own, which torch.func cannot vectorise."""

    @staticmethod
    def forward(context: Any, x: torch.Tensor) -> torch.Tensor:
        context.save_for_backward(x)
        return 0.1 * x**3

    @staticmethod
    def backward(context: Any, gradient: torch.Tensor) -> torch.Tensor:
        (x,) = context.saved_tensors
        return 0.3 * x**2 * gradient


def weight(*shape: int) -> Parameter:
    return Parameter(0.5 * torch.randn(shape))


def attend(x: torch.Tensor, layer: nn.Module) -> torch.Tensor:
    """Of every position to the others' tangents, padded or cut to the sizes that the layer takes."""
    other = torch.tanh(x[:, 1:])
    key, value = (F.pad(other, (0, size - x.shape[2])) for size in (layer.kdim, layer.vdim))
    if layer.batch_first:
        return layer(x, key, value)[0]
    moved = [each.transpose(0, 1) for each in (x, key, value)]
    return layer(*moved, need_weights=False)[0].transpose(0, 1)


def placed(tokens: torch.Tensor, words: nn.Module, places: nn.Module) -> torch.Tensor:
    """Words at their places, time first."""
    moved = tokens.t()
    place = torch.arange(len(moved)).unsqueeze(1).expand_as(moved)
    return (words(moved) + places(place)).transpose(0, 1)


def attention(r: random.Random, size: int) -> nn.Module:
    """With keys and values of the same size as the queries, or of others."""
    sizes = {} if r.random() < 0.5 else {"kdim": size + 1, "vdim": size - 1 if size > 4 else 7}
    heads = 2 if size % 2 == 0 else 1
    first, bias = r.random() < 0.5, r.random() < 0.7
    return nn.MultiheadAttention(size, heads, bias=bias, batch_first=first, **sizes)


def sorted_linear(x: torch.Tensor, layer: nn.Module) -> torch.Tensor:
    order = torch.argsort(x.flatten(1)[:, 0].detach(), stable=True)
    return layer(x[order])[torch.argsort(order)]


ANYWHERE: list[Callable[[random.Random, tuple[int, ...]], Step]] = [
    lambda r, s: (nn.Tanh(), s),
    lambda r, s: (nn.GELU(), s),
    lambda r, s: (nn.SiLU(inplace=True), s),
    lambda r, s: (Call(Cube.apply), s),
    lambda r, s: (Call(lambda x, a: x * a, weight()), s),
    lambda r, s: (Call(lambda x, a: x + a, weight(*s)), s),
    lambda r, s: (Call(lambda x: x.add_(0.1).mul_(0.9)), s),
    lambda r, s: (nn.LayerNorm(s, bias=r.random() < 0.5), s),
    lambda r, s: (nn.RMSNorm(s[-1]), s),
    lambda r, s: (nn.Dropout(0.5).eval(), s),
    lambda r, s: (nn.PReLU(), s),
    lambda r, s: (Call(lambda x, m: x + torch.tanh(m(x)), nn.Linear(s[-1], s[-1])), s),
    lambda r, s: (Call(lambda x, m: m(m(x)), nn.Linear(s[-1], s[-1])), s),
    lambda r, s: (Misleading(lambda x, m: m(x) + x @ m.weight, nn.Linear(s[-1], s[-1])), s),
    lambda r, s: (Misleading(sorted_linear, nn.Linear(s[-1], s[-1])), s),
    lambda r, s: (Call(lambda x, a: x @ a, weight(s[-1], s[-1])), s),
    lambda r, s: (nn.utils.parametrizations.weight_norm(nn.Linear(s[-1], s[-1])), s),
    lambda r, s: (Call(lambda x, a: F.linear(x, a, a[0]), weight(s[-1], s[-1])), s),
]
VECTOR = [
    lambda r, s: (lambda o: (nn.Linear(s[0], o, bias=r.random() < 0.7), (o,)))(r.randint(1, 6)),
    lambda r, s: (nn.BatchNorm1d(s[0]).eval(), s),
    lambda r, s: (nn.GroupNorm(1, s[0]) if s[0] > 1 else nn.RMSNorm(1, eps=0.1), s),
    lambda r, s: (Call(lambda x, b: b(x, x), nn.Bilinear(s[0], s[0], 4)), (4,)),
    lambda r, s: (
        Call(lambda x, a, b: torch.cat([a(x), b(x)], 1), nn.Linear(s[0], 2), nn.Linear(s[0], 2)),
        (4,),
    ),
    lambda r, s: (nn.Sequential(nn.Linear(s[0], 6), nn.GLU()), (3,)),
]
IMAGE = [
    lambda r, s: (
        nn.Conv2d(s[0], s[0] * 2, 3, padding=1, groups=r.choice([1, s[0]])),
        (s[0] * 2, *s[1:]),
    ),
    lambda r, s: (
        nn.Conv2d(
            s[0],
            3,
            3,
            padding=r.choice([2]),
            dilation=2,
            padding_mode=r.choice(["zeros", "reflect", "circular"]),
        ),
        (3, *s[1:]),
    ),
    lambda r, s: (
        nn.Conv2d(s[0], 4, 1, stride=2, bias=False),
        (4, (s[1] + 1) // 2, (s[2] + 1) // 2),
    ),
    lambda r, s: (nn.ConvTranspose2d(s[0], 2, 3, padding=1), (2, *s[1:])),
    lambda r, s: (nn.GroupNorm(r.choice([1, s[0]]), s[0]), s),
    lambda r, s: (nn.InstanceNorm2d(s[0], affine=True), s),
    lambda r, s: (nn.BatchNorm2d(s[0]).eval(), s),
    lambda r, s: (nn.AvgPool2d(3, 1, 1), s),
    lambda r, s: (nn.ChannelShuffle(s[0]), s),
]
SEQUENCE = [
    lambda r, s: (nn.Linear(s[1], 5), (s[0], 5)),
    lambda r, s: (Call(lambda x, m: m(x)[0], nn.LSTM(s[1], 4, batch_first=True)), (s[0], 4)),
    lambda r, s: (
        Call(lambda x, m: m(x.transpose(0, 1))[0].transpose(0, 1), nn.GRU(s[1], 3)),
        (s[0], 3),
    ),
    lambda r, s: (
        Call(lambda x, m: m(x.transpose(0, 1)).transpose(0, 1), nn.Linear(s[1], 4)),
        (s[0], 4),
    ),
    lambda r, s: (
        Call(lambda x, m: m(x.transpose(1, 2)).transpose(1, 2), nn.Conv1d(s[1], 4, 3, padding=1)),
        (s[0], 4),
    ),
    lambda r, s: (
        Call(lambda x, a: a(x, x, x)[0], nn.MultiheadAttention(s[1], 1, batch_first=True)),
        s,
    ),
    lambda r, s: (Call(attend, attention(r, s[1])), s),
    lambda r, s: (nn.TransformerEncoderLayer(s[1], 1, 6, dropout=0.0, batch_first=True), s),
    lambda r, s: (
        Call(
            lambda x, m: m(x.transpose(0, 1)).transpose(0, 1),
            nn.TransformerEncoderLayer(s[1], 1, 5, dropout=0.0, norm_first=True),
        ),
        s,
    ),
    lambda r, s: (nn.InstanceNorm1d(s[0], affine=True), s),
]
KINDS = {"vector": (5,), "image": (2, 5, 5), "sequence": (6, 4), "tokens": (6,)}


def model_and_data(seed: int) -> tuple[nn.Module, torch.Tensor, torch.Tensor]:
    """A network of two to five steps, SAMPLES inputs, and targets of three classes."""
    r = random.Random(seed)
    torch.manual_seed(seed)
    kind = r.choice(list(KINDS))
    shape: tuple[int, ...] = KINDS[kind]
    steps: list[nn.Module] = []
    if kind == "tokens":
        inputs = torch.randint(0, 9, (SAMPLES, *shape))
        drawn = r.random()
        if drawn < 0.2:
            steps, shape, kind = [nn.EmbeddingBag(9, 4)], (4,), "vector"
        elif drawn < 0.4:
            both = nn.Embedding(9, 4), nn.Embedding(6, 4, sparse=True)
            steps, shape, kind = [Call(placed, *both)], (6, 4), "sequence"
        else:
            steps, shape, kind = (
                [nn.Embedding(9, 4, padding_idx=r.choice([None, 1]))],
                (6, 4),
                "sequence",
            )
    else:
        inputs = torch.randn(SAMPLES, *shape)
    own = {"vector": VECTOR, "image": IMAGE, "sequence": SEQUENCE}[kind]
    for _ in range(r.randint(2, 5)):
        module, shape = r.choice(own if r.random() < 0.6 else ANYWHERE)(r, shape)
        steps.append(module)
    size = int(torch.tensor(shape).prod())
    pooled = kind == "sequence" and r.random() < 0.5
    if pooled:
        steps += [Call(lambda x: x.mean(1)), nn.Linear(shape[1], 3)]
    else:
        steps += [nn.Flatten(), nn.Linear(size, 3)]
    return nn.Sequential(*steps), inputs, torch.randint(0, 3, (SAMPLES,))

"""Attention with its projections apart, so that each can be perturbed.

`nn.MultiheadAttention` does not call its projections as modules. Here they are applied outside of it, by the same
products; attention itself stays torch's own, by a module of the same kind that projects by identities.
"""

from collections.abc import Callable
from enum import Enum
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

# Module, input, output, axis of the samples and part of three; gives the output that goes on.
Perturb = Callable[[nn.Module, torch.Tensor, torch.Tensor, int, "Part"], torch.Tensor]


class Part(Enum):
    """Of the projections of queries, keys and values, one or all."""

    ALL = "in"
    QUERY = "q"
    KEY = "k"
    VALUE = "v"

    @classmethod
    def of(cls, attribute: str) -> "Part":
        """The part to which a parameter of the module belongs (`in_proj_weight`, `k_proj_weight`, ...)."""
        return cls(attribute.partition("_")[0])

    def of_three(self, features: torch.Tensor) -> torch.Tensor:
        """Its features out of those of all three, (..., 3 E); views."""
        if self is Part.ALL:
            return features
        return features.chunk(3, dim=-1)[PARTS.index(self)]


PARTS = (Part.QUERY, Part.KEY, Part.VALUE)


def parted(module: nn.MultiheadAttention, perturb: Perturb) -> Callable[..., Any]:
    """A forward in place of the module's, with the outputs of its projections perturbed."""
    inside, plain = _identical(module), module.forward
    axis = 0 if module.batch_first else 1

    def forward(
        query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, *arguments: Any, **options: Any
    ) -> Any:
        if query.is_nested or query.ndim != 3:  # one sequence without an axis of samples
            return plain(query, key, value, *arguments, **options)
        projected = _projected(module, (query, key, value), axis, perturb)
        attended, weights = inside(*projected, *arguments, **options)
        last = module.out_proj
        outputs = F.linear(attended, last.weight, last.bias)
        return perturb(last, attended, outputs, axis, Part.ALL), weights

    return forward


def _projected(
    module: nn.MultiheadAttention,
    inputs: tuple[torch.Tensor, torch.Tensor, torch.Tensor],
    axis: int,
    perturb: Perturb,
) -> tuple[torch.Tensor, ...]:
    packed, bias = module.in_proj_weight, module.in_proj_bias
    if packed is not None and inputs[0] is inputs[1] is inputs[2]:
        together = F.linear(inputs[0], packed, bias)
        return perturb(module, inputs[0], together, axis, Part.ALL).chunk(3, dim=-1)
    weights = (
        (module.q_proj_weight, module.k_proj_weight, module.v_proj_weight)
        if packed is None
        else packed.chunk(3)
    )
    biases = (None,) * 3 if bias is None else bias.chunk(3)
    return tuple(
        perturb(module, each, F.linear(each, weights[i], biases[i]), axis, PARTS[i])
        for i, each in enumerate(inputs)
    )


def _identical(module: nn.MultiheadAttention) -> nn.MultiheadAttention:
    """The same attention, of queries, keys and values as they are."""
    size, weight = module.embed_dim, module.out_proj.weight
    inside: nn.MultiheadAttention = nn.utils.skip_init(
        nn.MultiheadAttention,
        size,
        module.num_heads,
        dropout=module.dropout,
        bias=False,
        add_zero_attn=module.add_zero_attn,
        batch_first=module.batch_first,
        device=weight.device,
        dtype=weight.dtype,
    )
    identity = torch.eye(size, device=weight.device, dtype=weight.dtype)
    with torch.no_grad():
        inside.in_proj_weight.copy_(identity.repeat(3, 1))
        inside.out_proj.weight.copy_(identity)
    inside.bias_k, inside.bias_v = module.bias_k, module.bias_v
    return inside.requires_grad_(False).train(module.training)

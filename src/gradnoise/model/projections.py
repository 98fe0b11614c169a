"""Attention's projections of queries, keys and values as parameters of their own.

`nn.MultiheadAttention` packs the three into one `in_proj_weight`, unless keys or values have another size than
queries. Noise, moments and trajectories are measured parameter by parameter, and queries, keys and values are
different things: a model that is measured keeps them as `q_proj_weight`, `k_proj_weight` and `v_proj_weight`, as
torch itself does for other sizes. Function, initialisation and what `state_dict` gives and takes stay the same.
"""

import logging
from collections import Counter
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import Parameter

log = logging.getLogger(__name__)

PACKED = "in_proj_weight"
APART = ("q_proj_weight", "k_proj_weight", "v_proj_weight")


def tell_apart(model: nn.Module, works: Callable[[], object]) -> None:
    """Unpack the projections of all attention in a model, in place.

    Left as it is: attention of a subclass, attention that shares its projections with another module, and a
    model that does not work any more since it reaches for the packed ones itself.

    Args:
        model: any module.
        works: calls it, and raises where it cannot be called.
    """
    uses = Counter(id(each) for _, each in model.named_parameters(remove_duplicate=False))
    attentions = {
        name: module
        for name, module in model.named_modules()
        if type(module) is nn.MultiheadAttention
        and module.in_proj_weight is not None
        and uses[id(module.in_proj_weight)] == 1
    }
    packed = {name: _unpack(module) for name, module in attentions.items()}
    if not packed:
        return
    # The nested tensors of an encoder's inference are made by looking at the packed projections.
    encoders = [each for each in model.modules() if isinstance(each, nn.TransformerEncoder)]
    nested = [encoder.use_nested_tensor for encoder in encoders]
    for encoder in encoders:
        encoder.use_nested_tensor = False
    try:
        works()
    except Exception as error:
        log.warning("queries, keys and values stay together: %s", error)
        for name, undo in packed.items():
            undo(attentions[name])
        for encoder, allowed in zip(encoders, nested, strict=True):
            encoder.use_nested_tensor = allowed


def _unpack(module: nn.MultiheadAttention) -> Callable[[nn.MultiheadAttention], None]:
    """Take the packed weight apart; returns how to put it back."""
    packed = module.in_proj_weight
    for name, part in zip(APART, packed.detach().chunk(3), strict=True):
        setattr(module, name, Parameter(part.clone(), requires_grad=packed.requires_grad))
    module.register_parameter(PACKED, None)
    module._qkv_same_embed_dim = False
    # Checkpoints stay those of the model as its author knows it.
    hooks = (
        module.register_state_dict_post_hook(_pack_state),
        module.register_load_state_dict_pre_hook(_unpack_state),
    )

    def undo(module: nn.MultiheadAttention) -> None:
        for hook in hooks:
            hook.remove()
        for name in APART:
            setattr(module, name, None)
        module.in_proj_weight, module._qkv_same_embed_dim = packed, True

    return undo


def _pack_state(module: nn.Module, state: dict[str, Any], prefix: str, _: Any) -> None:
    state[prefix + PACKED] = torch.cat([state.pop(prefix + name) for name in APART])


def _unpack_state(module: nn.Module, state: dict[str, Any], prefix: str, *_: Any) -> None:
    packed = state.pop(prefix + PACKED, None)
    if packed is not None:
        parts = zip(APART, packed.chunk(3), strict=True)
        state.update({prefix + name: part for name, part in parts})

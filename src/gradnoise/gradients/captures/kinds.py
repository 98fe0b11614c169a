"""Of which parameters a capture gives the gradients, and why not of others."""

from collections import Counter
from collections.abc import Sequence
from typing import TypeGuard

from torch import nn
from torch.nn.modules.linear import NonDynamicallyQuantizableLinear

Owner = tuple[nn.Module, str]  # the module that a parameter belongs to, and its name there

LINEARS = (
    nn.Linear,
    NonDynamicallyQuantizableLinear,
)  # the second is attention's output projection
CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
LAST_AXES = (nn.LayerNorm, nn.RMSNorm)  # normalise over the last axes, and scale those
CHANNELS = (  # normalise otherwise, and scale the channels
    *(nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d),
    *(nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d),
    nn.GroupNorm,
)

# By kind of module, the parameters that its calls explain.
KNOWN: dict[type[nn.Module], frozenset[str]] = {
    **dict.fromkeys(
        (*LINEARS, *CONVOLUTIONS, *LAST_AXES, *CHANNELS), frozenset({"weight", "bias"})
    ),
    nn.Embedding: frozenset({"weight"}),
    nn.MultiheadAttention: frozenset(
        {"in_proj_weight", "in_proj_bias", "q_proj_weight", "k_proj_weight", "v_proj_weight"}
    ),
}


def capturable(model: nn.Module, names: Sequence[str]) -> dict[str, Owner]:
    """Module and attribute of those parameters whose gradients a capture gives."""
    modules, uses = dict(model.named_modules()), _uses(model)
    owners = {name: _owner(modules, name) for name in names}
    return {name: owner for name, owner in owners.items() if _obstacle(owner, uses) is None}


def obstacles(model: nn.Module, names: Sequence[str]) -> dict[str, str]:
    """Why a capture does not give the gradients of the other parameters."""
    modules, uses = dict(model.named_modules()), _uses(model)
    found = {name: _obstacle(_owner(modules, name), uses) for name in names}
    return {name: why for name, why in found.items() if why is not None}


def is_torchs_attention(module: nn.Module) -> TypeGuard[nn.MultiheadAttention]:
    """Whether a module is attention that computes as torch's own does."""
    plain = type(module) is nn.MultiheadAttention and "forward" not in vars(module)
    return plain and type(module.out_proj) in LINEARS


def _owner(modules: dict[str, nn.Module], name: str) -> Owner:
    path, _, attribute = name.rpartition(".")
    return modules[path], attribute


def _uses(model: nn.Module) -> Counter[int]:
    """How many names every parameter has."""
    return Counter(id(each) for _, each in model.named_parameters(remove_duplicate=False))


def _obstacle(owner: Owner, uses: Counter[int]) -> str | None:
    module, attribute = owner
    kind = type(module)
    # Subclasses may compute differently, and so may a module that was given another forward.
    if kind not in KNOWN or "forward" in vars(module):
        return f"a {kind.__name__} is none of the layers that are captured"
    if attribute not in KNOWN[kind]:
        return f"{attribute} of a {kind.__name__} is not captured"
    if uses[id(getattr(module, attribute))] > 1:
        return "several modules share it"
    if isinstance(module, nn.Embedding):
        return _obstacle_of_embedding(module)
    if isinstance(module, nn.MultiheadAttention) and not is_torchs_attention(module):
        return "its attention has an output projection of its own"
    return None


def _obstacle_of_embedding(module: nn.Embedding) -> str | None:
    if module.scale_grad_by_freq:
        return "scale_grad_by_freq divides by how often a token is in the batch"
    return "max_norm changes the weights in every pass" if module.max_norm is not None else None

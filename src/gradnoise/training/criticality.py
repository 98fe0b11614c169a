"""A network at the critical initialisation of its activation, where the config asks for one."""

from collections.abc import Mapping
from typing import Any

from torch import nn

from gradnoise.errors import InputError
from gradnoise.geometry.criticality import Activation
from gradnoise.geometry.weights import WEIGHTED, initialise


def initialise_critically(model: nn.Module, settings: Mapping[str, Any], seed: int) -> None:
    """Give a model the critical weights that its section asks for, in place.

    Args:
        model: with its activation as modules.
        settings: the config's model section, `initialisation` and `q`.
        seed: of the network.

    Raises:
        InputError: where the activation is not to be told, and for what `initialise` refuses.
    """
    initialise(model, settings["initialisation"], settings["q"], seed, _activation(model))


def _activation(model: nn.Module) -> Activation:
    """The one kind of activation among the modules of a model; where there is one layer of weights, none."""
    kinds = {type(each).__name__: each for each in model.modules() if _is_activation(each)}
    if len(kinds) == 1:
        return next(iter(kinds.values()))
    linear = any(isinstance(each, nn.Identity) for each in model.modules())
    layers = sum(isinstance(each, WEIGHTED) for each in model.modules())
    if not kinds and (linear or layers == 1):
        return "linear"
    raise InputError(
        f"model.initialisation: found the activations {', '.join(sorted(kinds)) or 'of no module'}; needed: one kind, as "
        "modules of torch.nn (Identity in a network that is linear)"
    )


def _is_activation(module: nn.Module) -> bool:
    return type(module).__module__ == nn.Tanh.__module__

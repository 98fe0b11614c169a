"""Which layers and parameters a network has, known without importing torch.

A built-in network is a list of layers (`gradnoise.model.networks`) from which `gradnoise.model.modules` builds
the torch module, so the names, shapes and sizes given here are the built model's. Layers are named by kind and position (`conv1`, `linear2`,
`block3.layer18`), and a parameter by its layer (`conv1.weight`).
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from gradnoise.errors import InputError
from gradnoise.model.layers import Layer, Shape
from gradnoise.model.networks import NETWORKS

Kind = Literal["weight", "bias", "norm"]


@dataclass(frozen=True)
class Parameter:
    """One parameter tensor of a network.

    Attributes:
        name: as in torch's `named_parameters()`, for example "conv1.weight".
        shape: of the tensor.
        kind: "weight", "bias", or "norm" (scale and shift of a normalisation).
        layer: the module it belongs to, for example "conv1".
        operation: what that module does: "convolution", "linear", "normalisation" or "other".
        block: number of the block of a residual network, 0 outside blocks.
        index: position (from 1) of the layer among those of the same operation in its block.
    """

    name: str
    shape: tuple[int, ...]
    kind: Kind
    layer: str
    operation: str
    block: int
    index: int

    @property
    def size(self) -> int:
        """Number of scalars."""
        return math.prod(self.shape)


NAMES = tuple(NETWORKS)


def is_own(name: str) -> bool:
    """Whether a model's name is a user's own `package.module:factory`."""
    return ":" in name


def validate_arguments(name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of a built-in network, completed by their defaults.

    Raises:
        InputError: for an unknown network, an unknown argument, or a value that does not fit it.
    """
    if name not in NETWORKS:
        raise InputError(
            f"model name: found {name!r}; accepted: {', '.join(NAMES)}, "
            "or your own model as 'package.module:factory'"
        )
    known = NETWORKS[name].arguments
    for argument, value in arguments.items():
        if argument not in known:
            raise InputError(
                f"model {name}: found the argument {argument!r}; accepted: {', '.join(known)}"
            )
        if not known[argument].accepts(value):
            raise InputError(
                f"model {name}: found {argument} = {value!r}; accepted: {known[argument].accepted}"
            )
    return {argument: arguments.get(argument, known[argument].default) for argument in known}


def layers(model: Mapping[str, Any], input_shape: Shape, outputs: int) -> list[Layer]:
    """Layers of a built-in network in the order of computation.

    Args:
        model: {"name": one of `NAMES`, "arguments": {...}}.
        input_shape: of one sample; images are (channels, height, width).
        outputs: number of classes, or of regression targets.

    Raises:
        InputError: where the name, an argument or the input's shape does not fit.
    """
    arguments = validate_arguments(model["name"], model.get("arguments", {}))
    if not input_shape or min(input_shape) < 1 or outputs < 1:
        raise InputError(
            f"model {model['name']}: found inputs of shape {tuple(input_shape)} and {outputs} outputs; "
            "at least one of each is needed"
        )
    return NETWORKS[model["name"]].layers(input_shape, outputs, **arguments)


def parameters(model: Mapping[str, Any], input_shape: Shape, outputs: int) -> list[Parameter]:
    """Parameters of a built-in network in the order of torch's `named_parameters()`.

    A user's own model has to be built to be known: `python -m gradnoise.model` does that.

    Args and raises: as `layers`.
    """
    return annotate(
        (layer.name, layer.operation, layer.shapes)
        for layer in layers(model, input_shape, outputs)
        if layer.shapes
    )


def annotate(modules: Iterable[tuple[str, str, Mapping[str, Shape]]]) -> list[Parameter]:
    """Parameters of modules given as (name, operation, shape of every parameter).

    Blocks are read from names (`block2.layer5`), and layers counted within them by operation.
    """
    counts: Counter[tuple[int, str]] = Counter()
    found: list[Parameter] = []
    for layer, operation, shapes in modules:
        block = re.match(r"block(\d+)\.", layer)
        number = int(block[1]) if block else 0
        counts[number, operation] += 1
        for name, shape in shapes.items():
            found.append(
                Parameter(
                    name=f"{layer}.{name}" if layer else name,
                    shape=tuple(shape),
                    kind=_kind(operation, name),
                    layer=layer or name,
                    operation=operation,
                    block=number,
                    index=counts[number, operation],
                )
            )
    return found


def _kind(operation: str, name: str) -> Kind:
    if operation == "normalisation":
        return "norm"
    return "bias" if name.startswith("bias") else "weight"


def from_description(description: Iterable[Mapping[str, Any]]) -> list[Parameter]:
    """Parameters from the JSON list that `python -m gradnoise.model` writes."""
    return [Parameter(**{**entry, "shape": tuple(entry["shape"])}) for entry in description]


def selected(parameters: Iterable[Parameter], biases: bool) -> list[Parameter]:
    """Those whose noise is measured: the weights, and with `biases` also biases and norm parameters."""
    return [parameter for parameter in parameters if biases or parameter.kind == "weight"]

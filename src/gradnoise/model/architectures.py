"""Which layers and parameters a network has, known without importing torch.

A built-in network is a list of layers (`gradnoise.model.networks`) from which `gradnoise.model.modules` builds
the torch module, so the names, shapes and sizes given here are the built model's. Layers are named by kind and position (`conv1`, `linear2`,
`block3.layer18`), and a parameter by its layer (`conv1.weight`).
"""

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from gradnoise.errors import InputError
from gradnoise.model.layers import Kind, Layer, Shape, kind, stem
from gradnoise.model.networks import NETWORKS
from gradnoise.model.own_code import is_own


@dataclass(frozen=True)
class Parameter:
    """One parameter tensor of a network.

    Attributes:
        name: as in torch's `named_parameters()`, for example "conv1.weight".
        shape: of the tensor.
        kind: "weight", "bias" (what adds), or "norm" (scale and shift of a normalisation).
        layer: the module it belongs to, for example "conv1", or the part of a module of several weights, "lstm.hh_l0".
        operation: what that module does, one of `layers.OPERATIONS`.
        block: number of the block of a residual network, 0 outside blocks.
        index: position (from 1) of the layer among those of the same operation in its block.
        places: of one sample at which it is applied: pixels that a convolution gives, positions of a sequence.
    """

    name: str
    shape: tuple[int, ...]
    kind: Kind
    layer: str
    operation: str
    block: int
    index: int
    places: int = field(default=1, compare=False)

    @property
    def size(self) -> int:
        """Number of scalars."""
        return math.prod(self.shape)

    @property
    def is_scale(self) -> bool:
        """Whether it is a normalisation's scale, of which there is one for every shift."""
        return self.kind == "norm" and not self.name.endswith("bias")

    def is_of(self, layer: str) -> bool:
        """Whether it is, or belongs to, what a name stands for: a parameter, a layer, or a module around it."""
        return layer in (self.name, self.layer) or self.name.startswith(f"{layer}.")


NAMES = tuple(NETWORKS)


def require_suitable(name: str, tokens: bool, positions: Shape) -> None:
    """Refuse a built-in network for what only a user's own model takes.

    Args:
        name: of the model.
        tokens: whether inputs are integers.
        positions: shape of one sample's class labels.

    Raises:
        InputError: says what was found, and the ways out.
    """
    if is_own(name):
        return
    if tokens:
        raise InputError(
            f"model {name}: found integer inputs, which stay integers (tokens); accepted: real numbers (set "
            "data.inputs: numbers), 8-bit images (samples, channels, height, width), or your own model as "
            "'package.module:factory'"
        )
    if positions:
        raise InputError(
            f"model {name}: found targets with {positions[0]} positions a sample (sequences); accepted: one class a "
            "sample, or your own model as 'package.module:factory'"
        )


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
    row = layers(model, input_shape, outputs)
    found = annotate((layer.name, layer.operation, layer.shapes) for layer in row if layer.shapes)
    return at_places(found, _places(row, input_shape))


def at_places(found: Iterable[Parameter], places: Mapping[str, int]) -> list[Parameter]:
    """The parameters with `places` by module; 1 of others."""
    modules = ((each, each.name.rpartition(".")[0]) for each in found)
    return [replace(each, places=places.get(module, 1)) for each, module in modules]


def _places(row: Iterable[Layer], input_shape: Shape) -> dict[str, int]:
    """Pixels of the image that comes out of every layer, 1 where it is no image any more."""
    sides, found = list(input_shape[1:]), {}
    for layer in row:
        if layer.operation in ("flatten", "linear"):
            sides = []
        sides = [layer.pixels(side) for side in sides]
        found[layer.name] = math.prod(sides)
    return found


def annotate(
    modules: Iterable[tuple[str, str, Mapping[str, Shape]]], added: Collection[str] = ()
) -> list[Parameter]:
    """Parameters of modules given as (name, operation, shape of every parameter).

    Blocks are read from names (`block2.layer5`), and layers counted within them by operation.

    Args:
        modules: in the network's order.
        added: full names of parameters that are known to do nothing but add.
    """
    counts: Counter[tuple[int, str]] = Counter()
    found: list[Parameter] = []
    for module, operation, shapes in modules:
        block = re.match(r"block(\d+)\.", module)
        number = int(block[1]) if block else 0
        names = {name: f"{module}.{name}" if module else name for name in shapes}
        kinds = {name: kind(operation, name, full in added) for name, full in names.items()}
        layers = _layers(module, kinds)
        # Layers of nothing but biases are not counted: they are never shown beside the others.
        counted = list(dict.fromkeys(layers[name] for name in shapes if kinds[name] != "bias"))
        before = counts[number, operation]
        counts[number, operation] += len(counted) or 1
        for name, shape in shapes.items():
            place = counted.index(layers[name]) if layers[name] in counted else 0
            found.append(
                Parameter(
                    name=names[name],
                    shape=tuple(shape),
                    kind=kinds[name],
                    layer=layers[name],
                    operation=operation,
                    block=number,
                    index=before + place + 1,
                )
            )
    return found


def _layers(module: str, kinds: Mapping[str, Kind]) -> dict[str, str]:
    """The layer of every parameter of a module: the module, or the part of it that a weight is."""
    weights = [name for name, each in kinds.items() if each == "weight"]
    if len(weights) < 2:
        return {name: module or name for name in kinds}
    parts = {name: stem(name) or name for name in kinds}
    return {name: f"{module}.{part}" if module else part for name, part in parts.items()}


def from_description(description: Iterable[Mapping[str, Any]]) -> list[Parameter]:
    """Parameters from the JSON list that `python -m gradnoise.model` writes."""
    return [Parameter(**{**entry, "shape": tuple(entry["shape"])}) for entry in description]


def selected(parameters: Iterable[Parameter], biases: bool) -> list[Parameter]:
    """Those whose noise is measured: the weights, and with `biases` also biases and norm parameters."""
    return [parameter for parameter in parameters if biases or parameter.kind == "weight"]

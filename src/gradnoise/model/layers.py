"""What networks are made of, without torch: which layers there are, what a layer's parameters do, and the layers in a
row of the built-in ones.

A layer is a module; of a module with several weights (attention, a recurrent layer), each weight is a layer of its
own, and a bias belongs to the weight of its name: `lstm.ih_l0` has `weight_ih_l0` and `bias_ih_l0`.

A parameter is a **bias** where it adds. By name that is what has the word "bias" among those that underscores divide
(`bias`, `bias_ih_l0`, `in_proj_bias`, `bias_k`); of a model of one's own, also a vector of whatever name that the
model only ever adds (see `gradnoise.model.roles`). Scale and shift of a normalisation are `norm`. All else is a
weight, tables of positions among them. Which of them are sampled is `noise.biases`' to say.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from gradnoise.errors import InputError

Shape = Sequence[int]
Kind = Literal["weight", "bias", "norm"]

# What a layer does, in the order of figures.
OPERATIONS = (
    "convolution",
    "linear",
    "embedding",
    "attention",
    "recurrent",
    "normalisation",
    "other",
)


def kind(operation: str, name: str, adds: bool = False) -> Kind:
    """What a parameter does.

    Args:
        operation: of its layer.
        name: within its module.
        adds: whether the model is known to do nothing with it but add it.
    """
    if operation == "normalisation":
        return "norm"
    return "bias" if adds or "bias" in name.split("_") else "weight"


def stem(name: str) -> str:
    """What remains of a parameter's name without the words weight and bias: `ih_l0` of `weight_ih_l0`."""
    return "_".join(word for word in name.split("_") if word not in ("weight", "bias"))


@dataclass(frozen=True)
class Layer:
    """One step of a built-in network.

    Attributes:
        name: of the module.
        operation: a parameterised operation, or "relu", "tanh", "pool" (2x2 max), "flatten".
        inputs, outputs: channels or features (equal for a normalisation).
        kernel, stride, padding: of a convolution, in pixels.
        bias: whether the operation has one.
    """

    name: str
    operation: str
    inputs: int = 0
    outputs: int = 0
    kernel: int = 0
    stride: int = 1
    padding: int = 0
    bias: bool = True

    def pixels(self, side: int) -> int:
        """Pixels along an edge of the image that comes out, of one that has `side`."""
        if self.operation == "convolution":
            return (side + 2 * self.padding - self.kernel) // self.stride + 1
        return side // 2 if self.operation == "pool" else side

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of every parameter by its name within the layer."""
        match self.operation:
            case "convolution":
                weight: tuple[int, ...] = (self.outputs, self.inputs, self.kernel, self.kernel)
            case "linear":
                weight = (self.outputs, self.inputs)
            case "normalisation":
                weight = (self.outputs,)
            case _:
                return {}
        return {"weight": weight, "bias": (self.outputs,)} if self.bias else {"weight": weight}


def image(name: str, shape: Shape, smallest: int = 1) -> tuple[int, int, int]:
    """Channels, height and width, or an error that says what fits."""
    if len(shape) != 3 or min(shape[1:]) < smallest:
        raise InputError(
            f"model {name}: found inputs of shape {tuple(shape)}; it takes images "
            f"(channels, height, width) of at least {smallest}x{smallest} pixels"
        )
    channels, height, width = shape
    return channels, height, width


def convolutions(
    steps: Iterable[tuple[int, int, int, int]],
    shape: tuple[int, int, int],
    batch_norm: bool,
    pooled: Sequence[int] = (),
    activation: str = "relu",
) -> tuple[list[Layer], int]:
    """Convolution, normalisation, activation and pool in turn, then flatten; and the features that come out.

    A convolution before a BatchNorm has no bias: the normalisation would cancel it.
    """
    layers = []
    channels, height, width = shape
    for i, (outputs, kernel, stride, padding) in enumerate(steps, start=1):
        layers.append(
            Layer(
                f"conv{i}",
                "convolution",
                channels,
                outputs,
                kernel,
                stride,
                padding,
                not batch_norm,
            )
        )
        if batch_norm:
            layers.append(Layer(f"norm{i}", "normalisation", outputs, outputs))
        layers.append(Layer(f"{activation}_conv{i}", activation))
        if i in pooled:
            layers.append(Layer(f"pool{i}", "pool"))
        channels = outputs
    for layer in layers:
        height, width = layer.pixels(height), layer.pixels(width)
    layers.append(Layer("flatten", "flatten"))
    return layers, channels * height * width


def linears(sizes: Sequence[int], activation: str = "relu", bias: bool = True) -> list[Layer]:
    """Linear layers between the given numbers of features, with an activation after all but the last."""
    layers = []
    for i, (inputs, outputs) in enumerate(pairwise(sizes), start=1):
        layers.append(Layer(f"linear{i}", "linear", inputs, outputs, bias=bias))
        layers.append(Layer(f"{activation}_linear{i}", activation))
    return layers[:-1]

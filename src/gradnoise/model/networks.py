"""The built-in networks, each a function and an entry of `NETWORKS`: its layers, arguments, family.

Nothing here imports torch: the workflow knows every network's layers before any job runs.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from gradnoise.model.layers import Layer, Shape, convolutions, image, linears

Builder = Callable[..., list[Layer]]

# Channels, kernel, stride and padding of AlexNet's convolutions as used for 32x32 images.
ALEXNET = ((64, 11, 4, 5), (192, 5, 1, 2), (384, 3, 1, 1), (256, 3, 1, 1), (256, 3, 1, 1))
ALEXNET_POOLED = (1, 2, 5)
# The smallest image of which three poolings leave a pixel.
ALEXNET_PIXELS = 29
CNN = ((16, 3, 2, 1), (32, 3, 2, 1), (32, 3, 2, 1))
TANH_CNN = ((64, 3, 1, 1), (128, 3, 1, 1), (256, 3, 1, 1))
RESNET_WIDTHS = (16, 32, 64)


@dataclass(frozen=True)
class Argument:
    """A network's argument: its default, the test it must pass, and that test in words."""

    default: Any
    accepts: Callable[[Any], bool]
    accepted: str


@dataclass(frozen=True)
class Network:
    """One built-in network.

    Attributes:
        layers: (input_shape, outputs, **arguments) -> its layers in the order of computation.
        arguments: what it takes, by name.
        family: "alexnet" or "resnet" for the networks of the paper, "" for all others.
        residual: whether its blocks have shortcuts, which the layers in a row do not show.
    """

    layers: Builder
    arguments: Mapping[str, Argument]
    family: str = ""
    residual: bool = False


def is_count(value: Any) -> bool:
    """Whether a value is an integer of at least 1 (true and false are integers to Python)."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def flag(default: bool) -> Argument:
    """Argument that is true or false."""
    return Argument(default, lambda value: isinstance(value, bool), "true or false")


def count(default: int) -> Argument:
    """Argument that is a number of things."""
    return Argument(default, is_count, "an integer of at least 1")


def counts(*default: int) -> Argument:
    """Argument that is a list of numbers of things."""
    return Argument(
        list(default),
        lambda value: isinstance(value, list | tuple) and all(map(is_count, value)),
        "a list of integers of at least 1",
    )


def choice(*accepted: str) -> Argument:
    """Argument that is one of several words, the first unless given."""
    words = " or ".join(map(repr, accepted))
    return Argument(accepted[0], lambda value: value in accepted, words)


def alexnet(shape: Shape, outputs: int, batch_norm: bool) -> list[Layer]:
    """CIFAR AlexNet: five convolutions and one linear layer (2,471,104 weights on 3x32x32)."""
    pixels = image("alexnet", shape, ALEXNET_PIXELS)
    layers, features = convolutions(ALEXNET, pixels, batch_norm, ALEXNET_POOLED)
    return layers + linears([features, outputs])


def alexnet_three_linear(
    shape: Shape, outputs: int, batch_norm: bool, hidden_features: int
) -> list[Layer]:
    """CIFAR AlexNet with three linear layers, without dropout."""
    pixels = image("alexnet_three_linear", shape, ALEXNET_PIXELS)
    layers, features = convolutions(ALEXNET, pixels, batch_norm, ALEXNET_POOLED)
    return layers + linears([features, hidden_features, hidden_features, outputs])


def resnet20(shape: Shape, outputs: int, batch_norm: bool) -> list[Layer]:
    """CIFAR ResNet of 20 layers."""
    return _resnet(20, shape, outputs, batch_norm)


def resnet56(shape: Shape, outputs: int, batch_norm: bool) -> list[Layer]:
    """CIFAR ResNet of 56 layers."""
    return _resnet(56, shape, outputs, batch_norm)


def mlp(
    shape: Shape, outputs: int, hidden_features: Sequence[int], activation: str, bias: bool
) -> list[Layer]:
    """Linear layers with an activation between them, on inputs of any shape."""
    sizes = [prod(shape), *hidden_features, outputs]
    return [Layer("flatten", "flatten"), *linears(sizes, activation, bias)]


def cnn(shape: Shape, outputs: int, batch_norm: bool, hidden_features: int) -> list[Layer]:
    """Three convolutions of stride 2 and two linear layers (47,376 weights on 1x28x28)."""
    layers, features = convolutions(CNN, image("cnn", shape), batch_norm)
    return layers + linears([features, hidden_features, outputs])


def tanh_cnn(shape: Shape, outputs: int) -> list[Layer]:
    """Three convolutions that keep the size and widen, each with a pool, and a linear layer; tanh, so that it may be isometric."""
    pixels = image("tanh_cnn", shape, 8)
    layers, features = convolutions(TANH_CNN, pixels, False, (1, 2, 3), "tanh")
    return layers + linears([features, outputs])


def linear(shape: Shape, outputs: int, bias: bool) -> list[Layer]:
    """Linear or logistic regression, on inputs of any shape."""
    return [Layer("flatten", "flatten"), *linears([prod(shape), outputs], bias=bias)]


def _resnet(depth: int, shape: Shape, outputs: int, batch_norm: bool) -> list[Layer]:
    """CIFAR ResNet of He et al. 2016 (arXiv:1512.03385, section 4.2) with 6n+2 = `depth` layers.

    Its ReLUs, additions and parameter-free shortcuts are not layers in a row: `gradnoise.model.modules` adds
    them.
    """
    channels, _, _ = image(f"resnet{depth}", shape)
    row: list[Layer] = []

    def convolution(prefix: str, name: str, index: int, width: int, stride: int) -> None:
        inputs = row[-1].outputs if row else channels
        row.append(
            Layer(f"{prefix}{name}", "convolution", inputs, width, 3, stride, 1, not batch_norm)
        )
        if batch_norm:
            row.append(Layer(f"{prefix}norm{index}", "normalisation", width, width))

    convolution("", "conv1", 1, RESNET_WIDTHS[0], 1)
    for block, width in enumerate(RESNET_WIDTHS, start=1):
        for index in range(1, (depth - 2) // 3 + 1):
            # The first layer of every block but the first halves the image.
            stride = 2 if block > 1 and index == 1 else 1
            convolution(f"block{block}.", f"layer{index}", index, width, stride)
    row.append(Layer("linear", "linear", RESNET_WIDTHS[-1], outputs))
    return row


# Arguments by name, with their defaults.
NETWORKS = {
    "alexnet": Network(alexnet, {"batch_norm": flag(False)}, family="alexnet"),
    "alexnet_three_linear": Network(
        alexnet_three_linear,
        {"batch_norm": flag(False), "hidden_features": count(4096)},
        family="alexnet",
    ),
    "resnet20": Network(resnet20, {"batch_norm": flag(True)}, family="resnet", residual=True),
    "resnet56": Network(resnet56, {"batch_norm": flag(True)}, family="resnet", residual=True),
    "mlp": Network(
        mlp,
        {
            "hidden_features": counts(256, 128),
            "activation": choice("relu", "tanh"),
            "bias": flag(True),
        },
    ),
    "cnn": Network(cnn, {"batch_norm": flag(False), "hidden_features": count(64)}),
    "tanh_cnn": Network(tanh_cnn, {}),
    "linear": Network(linear, {"bias": flag(True)}),
}


def has_batch_norm(name: str, arguments: Mapping[str, Any]) -> bool:
    """Whether a network has BatchNorm with these arguments; the user's own say so by an argument of this name.

    >>> has_batch_norm("resnet20", {}), has_batch_norm("alexnet", {})
    (True, False)
    """
    if name not in NETWORKS:
        return bool(arguments.get("batch_norm", False))
    known = NETWORKS[name].arguments
    return "batch_norm" in known and bool(arguments.get("batch_norm", known["batch_norm"].default))

"""The built-in networks as lists of layers, without torch."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import prod

from gradnoise.errors import InputError

Shape = Sequence[int]


# Channels, kernel, stride and padding of AlexNet's convolutions as used for 32x32 images.
_ALEXNET = ((64, 11, 4, 5), (192, 5, 1, 2), (384, 3, 1, 1), (256, 3, 1, 1), (256, 3, 1, 1))


_ALEXNET_POOLED = (1, 2, 5)


_CNN = ((16, 3, 2, 1), (32, 3, 2, 1), (32, 3, 2, 1))


_RESIDUAL_WIDTHS = (16, 32, 64)


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


def _image(name: str, shape: Shape, smallest: int = 1) -> tuple[int, int, int]:
    """Channels, height and width, or an error that says what fits."""
    if len(shape) != 3 or min(shape[1:]) < smallest:
        raise InputError(
            f"model {name}: found inputs of shape {tuple(shape)}; it takes images "
            f"(channels, height, width) of at least {smallest}x{smallest} pixels"
        )
    channels, height, width = shape
    return channels, height, width


def _convolutions(
    steps: Iterable[tuple[int, int, int, int]],
    shape: tuple[int, int, int],
    batch_norm: bool,
    pooled: Sequence[int] = (),
) -> tuple[list[Layer], int]:
    """Convolution, normalisation, ReLU and pool in turn, then flatten; and the features that come out.

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
        layers.append(Layer(f"relu_conv{i}", "relu"))
        height, width = ((side + 2 * padding - kernel) // stride + 1 for side in (height, width))
        if i in pooled:
            layers.append(Layer(f"pool{i}", "pool"))
            height, width = height // 2, width // 2
        channels = outputs
    layers.append(Layer("flatten", "flatten"))
    return layers, channels * height * width


def _linears(sizes: Sequence[int], activation: str = "relu", bias: bool = True) -> list[Layer]:
    """Linear layers between the given numbers of features, with an activation after all but the last."""
    layers = []
    for i, (inputs, outputs) in enumerate(pairwise(sizes), start=1):
        layers.append(Layer(f"linear{i}", "linear", inputs, outputs, bias=bias))
        layers.append(Layer(f"{activation}_linear{i}", activation))
    return layers[:-1]


def alexnet(shape: Shape, outputs: int, batch_norm: bool) -> list[Layer]:
    """CIFAR AlexNet: five convolutions and one linear layer (2,471,104 weights on 3x32x32)."""
    image = _image("alexnet", shape, smallest=29)
    layers, features = _convolutions(_ALEXNET, image, batch_norm, _ALEXNET_POOLED)
    return layers + _linears([features, outputs])


def alexnet_three_linear(
    shape: Shape, outputs: int, batch_norm: bool, hidden_features: int
) -> list[Layer]:
    """CIFAR AlexNet with three linear layers, without dropout."""
    image = _image("alexnet_three_linear", shape, smallest=29)
    layers, features = _convolutions(_ALEXNET, image, batch_norm, _ALEXNET_POOLED)
    return layers + _linears([features, hidden_features, hidden_features, outputs])


def cnn(shape: Shape, outputs: int, batch_norm: bool, hidden_features: int) -> list[Layer]:
    """Three convolutions of stride 2 and two linear layers (47,376 weights on 1x28x28)."""
    layers, features = _convolutions(_CNN, _image("cnn", shape), batch_norm)
    return layers + _linears([features, hidden_features, outputs])


def mlp(
    shape: Shape, outputs: int, hidden_features: Sequence[int], activation: str, bias: bool
) -> list[Layer]:
    """Linear layers with an activation between them, on inputs of any shape."""
    sizes = [prod(shape), *hidden_features, outputs]
    return [Layer("flatten", "flatten"), *_linears(sizes, activation, bias)]


def linear(shape: Shape, outputs: int, bias: bool) -> list[Layer]:
    """Linear or logistic regression, on inputs of any shape."""
    return [Layer("flatten", "flatten"), *_linears([prod(shape), outputs], bias=bias)]


def residual(depth: int) -> Callable[..., list[Layer]]:
    """CIFAR ResNet of He et al. 2016 (arXiv:1512.03385, section 4.2) with 6n+2 = `depth` layers.

    Its ReLUs, additions and parameter-free shortcuts are not steps in a row: `gradnoise.model.factory` adds
    them.
    """

    def layers(shape: Shape, outputs: int, batch_norm: bool) -> list[Layer]:
        channels, _, _ = _image(f"resnet{depth}", shape)
        row: list[Layer] = []

        def convolution(prefix: str, name: str, index: int, width: int, stride: int) -> None:
            inputs = row[-1].outputs if row else channels
            row.append(
                Layer(f"{prefix}{name}", "convolution", inputs, width, 3, stride, 1, not batch_norm)
            )
            if batch_norm:
                row.append(Layer(f"{prefix}norm{index}", "normalisation", width, width))

        convolution("", "conv1", 1, _RESIDUAL_WIDTHS[0], 1)
        for block, width in enumerate(_RESIDUAL_WIDTHS, start=1):
            for index in range(1, (depth - 2) // 3 + 1):
                stride = 2 if block > 1 and index == 1 else 1
                convolution(f"block{block}.", f"layer{index}", index, width, stride)
        row.append(Layer("linear", "linear", _RESIDUAL_WIDTHS[-1], outputs))
        return row

    return layers

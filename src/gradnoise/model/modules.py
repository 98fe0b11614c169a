"""The built-in networks as torch modules, built from their lists of layers."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gradnoise.model.layers import Layer


class Residuals(nn.Module):
    """A block of a CIFAR ResNet: pairs of convolutions, each pair with a parameter-free shortcut.

    Where a pair halves the image and widens it, the shortcut takes every second pixel and pads the
    channels with zeros (option A of He et al. 2016, arXiv:1512.03385).
    """

    def __init__(self, layers: Mapping[str, nn.Module]) -> None:
        super().__init__()
        for name, module in layers.items():
            self.add_module(name, module)
        self.depth = sum(name.startswith("layer") for name in layers)
        self.relu = nn.ReLU()

    def forward(self, inputs: Tensor) -> Tensor:
        """Activations (batch, channels, height, width) before and after the block."""
        for index in range(1, self.depth, 2):
            outputs = self._layer(index + 1, self.relu(self._layer(index, inputs)))
            widening = outputs.shape[1] - inputs.shape[1]
            if widening:
                before = widening // 2
                channels = (before, widening - before)
                inputs = F.pad(inputs[:, :, ::2, ::2], (0, 0, 0, 0, *channels))
            inputs = self.relu(outputs + inputs)
        return inputs

    def _layer(self, index: int, inputs: Tensor) -> Tensor:
        outputs: Tensor = self.get_submodule(f"layer{index}")(inputs)
        if f"norm{index}" in self._modules:
            outputs = self.get_submodule(f"norm{index}")(outputs)
        return outputs


class MeanPool(nn.Module):
    """Mean over all pixels; unlike `nn.AdaptiveAvgPool2d` its gradient is deterministic on CUDA."""

    def forward(self, inputs: Tensor) -> Tensor:
        """From (batch, channels, height, width) to (batch, channels)."""
        return inputs.mean((2, 3))


def network(layers: Sequence[Layer], residual: bool) -> nn.Module:
    """Initialised module with exactly these layers, named as they are.

    Plain networks keep torch's default initialisation, ResNets that of He et al. 2015
    (arXiv:1502.01852).

    Args:
        layers: in the order of computation.
        residual: whether the layers of every block ("block1.layer1") are pairs with shortcuts.
    """
    modules = OrderedDict((layer.name, _module(layer)) for layer in layers)
    return _residual_network(modules) if residual else nn.Sequential(modules)


def _module(layer: Layer) -> nn.Module:
    match layer.operation:
        case "convolution":
            return nn.Conv2d(
                layer.inputs,
                layer.outputs,
                layer.kernel,
                stride=layer.stride,
                padding=layer.padding,
                bias=layer.bias,
            )
        case "linear":
            return nn.Linear(layer.inputs, layer.outputs, bias=layer.bias)
        case "normalisation":
            return nn.BatchNorm2d(layer.outputs)
        case "pool":
            return nn.MaxPool2d(2)
        case "flatten":
            return nn.Flatten()
        case "relu":
            return nn.ReLU()
        case "tanh":
            return nn.Tanh()
    raise ValueError(f"operation: found {layer.operation!r}")


def _residual_network(modules: Mapping[str, nn.Module]) -> nn.Module:
    _initialise(modules)
    stem = [(name, modules[name]) for name in ("conv1", "norm1") if name in modules]
    blocks: dict[str, dict[str, nn.Module]] = {}
    for name, module in modules.items():
        block, dot, member = name.partition(".")
        if dot:
            blocks.setdefault(block, {})[member] = module
    middle = [(block, Residuals(members)) for block, members in blocks.items()]
    head = [("pool", MeanPool()), ("linear", modules["linear"])]
    return nn.Sequential(OrderedDict([*stem, ("relu", nn.ReLU()), *middle, *head]))


def _initialise(modules: Mapping[str, nn.Module]) -> None:
    for module in modules.values():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    if "norm1" not in modules:
        _shrink_residuals(modules)


def _shrink_residuals(modules: Mapping[str, nn.Module]) -> None:
    """Start the last layer of each of the n pairs n^(-1/2) times smaller, where no BatchNorm bounds them.

    The variance of the activations then grows by less than e over the whole network, whatever its depth
    (Hayou et al. 2021, arXiv:2010.12859).
    """
    seconds = [m for name, m in modules.items() if "layer" in name and int(name[-1]) % 2 == 0]
    with torch.no_grad():
        for module in seconds:
            assert isinstance(module, nn.Conv2d)
            module.weight.mul_(len(seconds) ** -0.5)

"""Weights of a network at a critical initialisation: orthogonal, delta-orthogonal or Gaussian."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from gradnoise.draws.streams import Stream, generator
from gradnoise.errors import InputError
from gradnoise.geometry.criticality import Activation, critical_initialisation

Floats = NDArray[np.float64]

WEIGHTED = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)


def orthogonal(shape: Sequence[int], random: np.random.Generator) -> Floats:
    """Haar-distributed weights with orthonormal rows or columns, whichever are fewer, of flattened kernels.

    The QR decomposition of a Gaussian matrix, its columns times the signs of R's diagonal, without which Q would not be
    uniform (Mezzadri 2007, arXiv:math-ph/0609050).

    Args:
        shape: (outputs, inputs, *kernel).

    Returns:
        float64, of that shape.
    """
    rows, columns = shape[0], int(np.prod(shape[1:]))
    tall = random.standard_normal((max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(tall)
    q *= np.sign(np.diag(r))
    return np.ascontiguousarray(q if rows >= columns else q.T).reshape(shape)


def delta_orthogonal(shape: Sequence[int], random: np.random.Generator) -> Floats:
    """A convolution's weights that are zero but for the centre, which is `orthogonal` (arXiv:1806.05393).

    With stride 1 and padding that keeps the size, the convolution keeps every input's length.

    Args:
        shape: (outputs, inputs, *kernel), outputs at least inputs, kernel sizes odd.

    Raises:
        InputError: for fewer outputs than inputs (no such map keeps lengths) or a kernel without a centre.
    """
    outputs, inputs, *kernel = shape
    if outputs < inputs:
        raise InputError(
            f"delta_orthogonal: found {outputs} outputs and {inputs} inputs; at least as many outputs as inputs are "
            "needed (orthogonal takes any)"
        )
    if any(size % 2 == 0 for size in kernel):
        raise InputError(
            f"delta_orthogonal: found a kernel of {tuple(kernel)}; odd sizes are needed"
        )
    weights = np.zeros((outputs, inputs, int(np.prod(kernel))))
    weights[:, :, weights.shape[2] // 2] = orthogonal((outputs, inputs), random)
    return weights.reshape(shape)


def gaussian(shape: Sequence[int], random: np.random.Generator) -> Floats:
    """Independent weights of variance 1 / fan-in, (outputs, inputs, *kernel)."""
    return random.standard_normal(shape) / np.sqrt(np.prod(shape[1:]))


DRAWS = {"orthogonal": orthogonal, "delta_orthogonal": delta_orthogonal, "gaussian": gaussian}
METHODS = tuple(DRAWS)


def initialise(
    model: nn.Module, method: str, q: float, seed: int, activation: Activation = "tanh"
) -> None:
    """Give every linear layer and convolution critical weights, times s_w, and Gaussian biases, in place.

    Orthogonal weights are s_w times a matrix with orthonormal rows or columns whatever the layer's shape, so only
    layers that do not widen keep the variance q. Other modules (normalisations, embeddings) stay as they are.

    Args:
        model: changed in place, on any device.
        method: "orthogonal" (of flattened kernels), "delta_orthogonal" (convolutions; linear layers are orthogonal)
            or "gaussian".
        q: the preactivations' variance.
        seed: of the network; every parameter has a stream of its own.
        activation: as in `critical_initialisation`.

    Raises:
        InputError: for an unknown method, grouped convolutions unless Gaussian, what `critical_initialisation` and
            `delta_orthogonal` refuse (the layer is named), and a model without such layers.
    """
    if method not in DRAWS:
        raise InputError(f"initialisation: found {method!r}; accepted: {', '.join(DRAWS)}")
    critical = critical_initialisation(activation, q)
    layers = [(name, each) for name, each in model.named_modules() if isinstance(each, WEIGHTED)]
    if not layers:
        raise InputError("initialisation: the model has no linear layer and no convolution")
    drawn = {}
    for name, layer in layers:
        if method != "gaussian" and getattr(layer, "groups", 1) > 1:
            raise InputError(
                f"initialisation of {name}: found {layer.groups} groups; {method} takes one"
            )
        random = generator(seed, Stream.INITIALISATION, method, name, "weight")
        # Of a linear layer there is no centre, and it may narrow.
        linear = method == "delta_orthogonal" and isinstance(layer, nn.Linear)
        draw = orthogonal if linear else DRAWS[method]
        try:
            drawn[name] = draw(tuple(layer.weight.shape), random)
        except InputError as error:
            raise InputError(f"initialisation of {name}: {error}") from None
    with torch.no_grad():
        for name, layer in layers:
            layer.weight.copy_(torch.from_numpy(critical.weight_std * drawn[name]))
            if layer.bias is not None:
                random = generator(seed, Stream.INITIALISATION, method, name, "bias")
                normal = random.standard_normal(tuple(layer.bias.shape))
                layer.bias.copy_(torch.from_numpy(critical.bias_std * normal))

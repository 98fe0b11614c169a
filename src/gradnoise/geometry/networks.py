"""The networks that the stage's studies measure: deep tanh perceptrons on small images, at their fixed point."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from gradnoise.data.small_images import small_images
from gradnoise.draws.streams import Stream, generator
from gradnoise.geometry.blocks import bounds_of
from gradnoise.geometry.criticality import critical_initialisation
from gradnoise.geometry.jacobian import jacobian_singular_values
from gradnoise.geometry.likelihoods import expected_fisher
from gradnoise.geometry.tangent_kernel import layer_kernels
from gradnoise.geometry.weights import initialise
from gradnoise.store.variables import Variable

Floats = NDArray[np.float64]

SIDE, CLASSES = 14, 10
ACTIVATION = "tanh"
INITIALISATIONS = ("orthogonal", "gaussian")


class Images(NamedTuple):
    """Small images: inputs (N, 196), classes (N,)."""

    inputs: Floats
    classes: NDArray[np.int64]

    def at(self, q: float) -> Tensor:
        """Inputs, float32, at which the mean square of critical first preactivations is q, their fixed point."""
        critical = critical_initialisation(ACTIVATION, q)
        scale = max(q - critical.bias_std**2, 0) ** 0.5 / critical.weight_std
        return torch.from_numpy((scale * self.inputs).astype(np.float32))


def images(seed: int, count: int) -> Images:
    """Images that a seed chooses."""
    return Images(*small_images(generator(seed, Stream.GEOMETRY, "images"), count, SIDE))


def network(depth: int, width: int, initialisation: str, q: float, seed: int) -> nn.Sequential:
    """A tanh network at a critical initialisation.

    Args:
        depth: layers of weights.
        width: units of each but the last.
        initialisation: "orthogonal" or "gaussian".
        q: variance of the preactivations.
        seed: of the network.
    """
    layers: list[nn.Module] = []
    for fan_in, fan_out in pairwise([SIDE**2, *[width] * (depth - 1), CLASSES]):
        layers += [nn.Linear(fan_in, fan_out), nn.Tanh()]
    model = nn.Sequential(*layers[:-1])
    initialise(model, initialisation, q, seed, ACTIVATION)
    return model


def geometry(model: nn.Module, inputs: Tensor) -> dict[str, float]:
    """Curvature and Jacobian of a network of linear layers, by the names of `GEOMETRY`."""
    gaussian = layer_kernels(model, expected_fisher(model, inputs, "gaussian"))
    fisher = expected_fisher(model, inputs)
    categorical = layer_kernels(model, fisher).condition(fisher.size)
    condition = gaussian.condition(fisher.size)
    bound = bounds_of(gaussian)
    stretch = jacobian_singular_values(model, inputs)
    return {
        "fisher": bound.fisher,
        "largest_block": bound.largest_block,
        "sum_of_blocks": bound.sum_of_blocks,
        "bound": bound.bound,
        "condition": condition.value,
        "rank": condition.rank,
        "categorical_fisher": categorical.largest,
        "categorical_condition": categorical.value,
        "stretch": float((stretch[:, 0] ** 2).mean()),
        "stretch_ratio": float(np.median(stretch[:, 0] / stretch[:, -1])),
    }


GEOMETRY = (
    Variable("fisher", "largest eigenvalue of the Fisher information, Gaussian likelihood"),
    Variable("largest_block", "largest eigenvalue of its blocks of single layers, the largest"),
    Variable("sum_of_blocks", "the sum of them, an upper bound"),
    Variable("bound", "upper bound of that sum by the Jacobians of the layers"),
    Variable("condition", "condition number of the Fisher information over its nonzero spectrum"),
    Variable("rank", "eigenvalues above its cutoff"),
    Variable("categorical_fisher", "largest eigenvalue of the Fisher information of the softmax"),
    Variable("categorical_condition", "its condition number over its nonzero spectrum"),
    Variable(
        "stretch",
        "mean over samples of the squared largest singular value of the Jacobian from inputs to outputs",
    ),
    Variable(
        "stretch_ratio", "median over samples of its largest over its smallest singular value"
    ),
)
# Of every network.
NETWORK = (
    Variable("depth", "layers of weights"),
    Variable("width", "units of a hidden layer"),
    Variable("initialisation", "orthogonal or gaussian", ""),
    Variable("q", "variance of the preactivations at which it is critical"),
    Variable("seed", "of the network", ""),
)

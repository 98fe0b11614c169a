"""The networks that the stage's studies measure: deep tanh perceptrons on small images, at their fixed point."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from gradnoise.data.small_images import small_images
from gradnoise.draws.streams import Stream, generator
from gradnoise.geometry.criticality import critical_initialisation
from gradnoise.geometry.settings import ACTIVATION
from gradnoise.geometry.weights import initialise
from gradnoise.store.variables import Variable

Floats = NDArray[np.float64]

SIDE, CLASSES = 14, 10
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


# Of every network.
NETWORK = (
    Variable("depth", "layers of weights"),
    Variable("width", "units of a hidden layer"),
    Variable("initialisation", "orthogonal or gaussian", ""),
    Variable("q", "variance of the preactivations at which it is critical"),
    Variable("seed", "of the network", ""),
)

"""Fluctuations over networks against depth: of preactivations and of the neural tangent kernel.

In a layer of n units the mean square of the preactivations, |z|^2 / n, and the mean of the tangent kernel over outputs
vary from network to network by variances of order 1/n. For Gaussian weights these grow with depth; for orthogonal ones
they should not (Day, Kahn and Roberts, arXiv:2310.07765). Square layers, one input of the mean square at which first
preactivations have variance q. `q = 0` is the limit that the literature speaks of: weights of deviation 1, no biases, the
input of the smallest q. The kernel counts a weight's gradient 1/n, as is usual where widths go to infinity. It is carried from
layer to layer:

    K' = (1 + |phi(z)|^2 / n) 1 + A K A^T,  A = W diag(phi'(z)),

with K (n, n) over a layer's units.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradnoise.draws.streams import Stream, generator
from gradnoise.geometry.criticality import CriticalInitialisation, critical_initialisation
from gradnoise.geometry.settings import ACTIVATION, Common
from gradnoise.store.studies import Rows, Study
from gradnoise.store.variables import Variable

Floats = NDArray[np.float64]

LIMIT = 0.0  # q
GROUPS = 20  # of networks: a variance of each gives its error


@dataclass(frozen=True)
class Settings(Common):
    """What the job of one initialisation reads.

    Attributes:
        initialisation: "orthogonal" or "gaussian".
        q: variances of preactivations at which networks are critical.
        ensemble: networks over which fluctuations are measured.
        deepest: layers of those.
    """

    initialisation: str
    q: Sequence[float]
    ensemble: int
    deepest: int


def fluctuations(settings: Settings) -> dict[str, Rows]:
    """A row for every q, depth and group of networks."""
    found = (
        ensemble(group, q, settings) for group, q in product(range(GROUPS), (LIMIT, *settings.q))
    )
    return {"fluctuations": [row for rows in found for row in rows]}


def ensemble(group: int, q: float, settings: Settings) -> list[dict[str, Any]]:
    """What a group of networks says of every depth; all q have the same weights but for their scale.

    Args:
        group: number of the group.
        q: variance of the preactivations, or LIMIT.
        settings: of the job.
    """
    kind, count, width = settings.initialisation, settings.ensemble // GROUPS, settings.width
    critical = critical_initialisation(ACTIVATION, q or min(settings.q))
    scale = max((q or min(settings.q)) - critical.bias_std**2, 0) ** 0.5 / critical.weight_std
    if q == LIMIT:
        critical = CriticalInitialisation(1.0, 0.0, 1.0)
    inputs = np.full((count, width), scale)  # any vector of that length: weights have no direction
    random = generator(settings.seed, Stream.GEOMETRY, "fluctuations", kind, group)
    found = []
    for depth, (z, kernel) in enumerate(
        layers(kind, critical, inputs, settings.deepest, random), start=1
    ):
        squares = (z**2).mean(axis=1)
        kernels = np.trace(kernel, axis1=1, axis2=2) / width
        both = width * np.cov(squares / squares.mean(), kernels / kernels.mean())
        found.append(
            {
                **{"initialisation": kind, "q": q, "width": width, "depth": depth, "group": group},
                "networks": count,
                "preactivation": float(squares.mean()),
                "kernel": float(kernels.mean()),
                "preactivation_fluctuation": float(both[0, 0]),
                "kernel_fluctuation": float(both[1, 1]),
                "correlator": float(both[0, 1]),
            }
        )
    return found


def layers(
    kind: str,
    critical: CriticalInitialisation,
    inputs: Floats,
    depth: int,
    random: np.random.Generator,
) -> Iterator[tuple[Floats, Floats]]:
    """Preactivations z (count, n) and tangent kernels K (count, n, n) of one layer after the other.

    Args:
        kind: "orthogonal" or "gaussian".
        critical: deviations of weights and biases.
        inputs: (count, n), a vector for each network.
        depth: how many layers.
        random: draws all weights and biases.
    """
    shape = count, width = inputs.shape
    slopes, kernel = np.zeros_like(inputs), np.zeros((count, width, width))
    for _ in range(depth):
        W = critical.weight_std * weights(kind, shape, random)
        z = np.einsum("cij,cj->ci", W, inputs) + critical.bias_std * random.standard_normal(shape)
        along = W * slopes[:, None, :]
        kernel = along @ kernel @ along.transpose(0, 2, 1)
        kernel[:, range(width), range(width)] += 1 + (inputs**2).mean(axis=1, keepdims=True)
        yield z, kernel
        inputs = np.tanh(z)
        slopes = 1 - inputs**2


def weights(kind: str, shape: tuple[int, int], random: np.random.Generator) -> Floats:
    """Square matrices (count, n, n), Haar-orthogonal or Gaussian of variance 1/n."""
    count, width = shape
    drawn = random.standard_normal((count, width, width))
    if kind == "gaussian":
        return drawn / np.sqrt(width)
    q, r = np.linalg.qr(drawn)
    return q * np.sign(np.diagonal(r, axis1=1, axis2=2))[:, None, :]


STUDY = Study(
    Settings,
    {
        "fluctuations": (
            Variable("initialisation", "orthogonal or gaussian", ""),
            Variable(
                "q", "variance of the preactivations at which networks are critical; 0: the limit"
            ),
            Variable("width", "units n of every layer"),
            Variable("depth", "layers of weights up to here"),
            Variable("group", "of networks, independent of all others", ""),
            Variable("networks", "in the group"),
            Variable("preactivation", "mean square of the preactivations, over units and networks"),
            Variable("kernel", "mean over units and networks of the tangent kernel"),
            Variable(
                "preactivation_fluctuation",
                "n times the variance over networks of the preactivations' mean square, over its squared mean",
            ),
            Variable(
                "kernel_fluctuation",
                "n times the variance over networks of the tangent kernel's mean over units, over its squared mean",
            ),
            Variable("correlator", "n times the covariance of both, over their means"),
        )
    },
    fluctuations,
)

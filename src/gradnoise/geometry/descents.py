"""SGD of deep networks to a fixed loss: Euclidean, or with the hidden weights on the Stiefel manifold."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from gradnoise.draws.streams import Stream, generator
from gradnoise.geometry.networks import Images, network
from gradnoise.geometry.settings import Settings
from gradnoise.geometry.stiefel import StiefelSGD

EVERY = 10  # steps from one look at the loss to the next
RISE = 1.1  # times the loss at the start: a rate at which the loss goes beyond is not stable
HOPELESS = 3.0  # times the loss at the start: beyond, a run is given up


class Arm(NamedTuple):
    """What is trained, but for its learning rate and seed."""

    depth: int
    initialisation: str
    manifold: str
    q: float


class Descent(NamedTuple):
    """How one network came to a loss.

    Attributes:
        steps: of SGD, a multiple of EVERY; where it did not arrive, those it was given.
        arrived: whether its loss fell below the one asked for.
        stable: whether no loss on the way was above RISE times the first one.
        loss: the last one that was looked at.
    """

    steps: int
    arrived: bool
    stable: bool
    loss: float


def arms(settings: Settings) -> list[Arm]:
    """Gaussian weights are not orthonormal: on the manifold there are orthogonal ones only."""
    kinds = (("orthogonal", "euclidean"), ("orthogonal", "stiefel"), ("gaussian", "euclidean"))
    return [Arm(depth, *kind, q) for depth in settings.depths for q in settings.q for kind in kinds]


def descend(arm: Arm, rate: float, seed: int, shown: Images, settings: Settings) -> Descent:
    """Train a network until it has the loss, or has no more steps.

    Networks of one seed see the same batches, and have the same start where initialisation, depth and q are the same.
    """
    first, loss, stable, step = None, np.inf, True, 0
    for step, model in trained(arm, rate, seed, shown, settings):
        if step % EVERY:
            continue
        loss = mean_loss(model, shown.at(arm.q), shown.classes)
        first = loss if first is None else first
        stable &= loss <= RISE * first  # NaN is not
        if loss < settings.loss:
            return Descent(step, True, stable, loss)
        if not loss <= HOPELESS * first:
            break
    return Descent(settings.steps, False, stable, loss)


def trained(
    arm: Arm, rate: float, seed: int, shown: Images, settings: Settings
) -> Iterator[tuple[int, nn.Sequential]]:
    """The network before the first step of SGD, and after every one; batches are drawn with replacement.

    The last layer's weights are Euclidean throughout: orthonormal ones could not make logits larger than inputs.
    """
    model = network(arm.depth, settings.width, arm.initialisation, arm.q, seed)
    inputs, classes = shown.at(arm.q), torch.from_numpy(shown.classes)
    optimizers = _optimizers(model, arm.manifold, rate)
    random = generator(seed, Stream.GEOMETRY, "batches")
    yield 0, model
    for step in range(1, settings.steps + 1):
        chosen = torch.from_numpy(random.integers(0, len(inputs), settings.batch_size))
        model.zero_grad()
        nn.functional.cross_entropy(model(inputs[chosen]), classes[chosen]).backward()
        for optimizer in optimizers:
            optimizer.step()
        yield step, model


def mean_loss(model: nn.Module, inputs: Tensor, classes: NDArray[np.int64]) -> float:
    """Cross entropy over all images."""
    with torch.no_grad():
        return float(nn.functional.cross_entropy(model(inputs), torch.from_numpy(classes)))


def _optimizers(model: nn.Sequential, manifold: str, rate: float) -> list[torch.optim.Optimizer]:
    if manifold == "euclidean":
        return [torch.optim.SGD(model.parameters(), rate)]
    *hidden, last = model
    inner = [part for layer in hidden for part in layer.parameters()]
    return [StiefelSGD(inner, rate), torch.optim.SGD(last.parameters(), rate)]

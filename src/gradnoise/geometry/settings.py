"""What the geometry stage is told."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """What the stage reads.

    Attributes:
        seed: of everything drawn but the networks', which are numbered.
        studies: which to make.
        width: units of every hidden layer.
        depths: layers of weights of the tanh networks that are measured and trained.
        q: variances of preactivations at which networks are critical.
        networks: drawn for each depth, initialisation and q.
        samples: images on which Fisher information and Jacobians are measured.
        images: that networks are trained on.
        batch_size: of their SGD.
        rates: learning rates that every arm is trained at, ascending.
        steps: of SGD after which a run that has not arrived is given up.
        loss: that it has to arrive at.
        ensemble: networks over which fluctuations are measured.
        deepest: layers of those.
    """

    seed: int
    studies: Sequence[str]
    width: int
    depths: Sequence[int]
    q: Sequence[float]
    networks: int
    samples: int
    images: int
    batch_size: int
    rates: Sequence[float]
    steps: int
    loss: float
    ensemble: int
    deepest: int

"""What the balance stage is told."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """What the stage reads.

    Attributes:
        seed: of everything drawn.
        studies: which to make.
        replicas: of every network in an ensemble.
        label_noise: standard deviation of the labels; the slope is 1.
        depths: hidden layers of the networks whose laws are compared.
        ratios: temperatures over the critical one.
    """

    seed: int
    studies: Sequence[str]
    replicas: int
    label_noise: float
    depths: Sequence[int]
    ratios: Sequence[float]

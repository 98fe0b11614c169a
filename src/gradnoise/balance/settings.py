"""What jobs of the balance stage are told; a study's own settings stand in its module."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Common:
    """What every job reads.

    Attributes:
        study: that it is of.
        seed: of everything drawn.
    """

    study: str
    seed: int


@dataclass(frozen=True)
class Ensembles(Common):
    """What a job with ensembles of networks reads.

    Attributes:
        replicas: of every network in an ensemble.
    """

    replicas: int


@dataclass(frozen=True)
class Noisy(Ensembles):
    """What a job reads whose labels are as noisy as the config says.

    Attributes:
        label_noise: standard deviation of the labels; the slope is 1.
        ratios: temperatures over the critical one.
    """

    label_noise: float
    ratios: Sequence[float]

"""What jobs of the geometry stage are told; a study's own settings stand in its module."""

from dataclasses import dataclass

ACTIVATION = "tanh"  # of all networks


@dataclass(frozen=True)
class Common:
    """What every job reads.

    Attributes:
        study: that it is of.
        seed: of everything drawn but the networks', which are numbered.
        width: units of every hidden layer.
    """

    study: str
    seed: int
    width: int


@dataclass(frozen=True)
class Trained(Common):
    """What a job with networks in training reads.

    Attributes:
        images: that networks are trained on.
        batch_size: of their SGD.
    """

    images: int
    batch_size: int


@dataclass(frozen=True)
class Descending(Trained):
    """What a job reads whose networks are trained to a fixed loss.

    Attributes:
        steps: of SGD after which a run that has not arrived is given up.
        loss: that it has to arrive at.
    """

    steps: int
    loss: float

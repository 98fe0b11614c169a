"""What the clt stage is told: how noise was drawn and tested, and what is asked of it."""

from dataclasses import dataclass

from gradnoise.draws.batches import Sampling


@dataclass(frozen=True)
class Design:
    """How pass rates are measured and predicted.

    Attributes:
        batch_sizes: the S mini-batch sizes.
        batches: the K numbers of batches n that the test sees.
        repeats: number of repeats R of the draws.
        sampling: how batches are drawn.
        seed: of the network; halves of the samples and batches follow from it.
    """

    batch_sizes: list[int]
    batches: list[int]
    repeats: int
    sampling: Sampling
    seed: int


@dataclass(frozen=True)
class Settings(Design):
    """What the stage reads, besides the design of the noise that was tested.

    Attributes:
        parameter: name of the measured parameter.
        exact_coordinates: coordinates whose exact distances are computed, at most.
        distance: Kolmogorov distance to the Gaussian below which a coordinate counts as Gaussian.
        share: of the layer's coordinates that B* brings below it.
    """

    parameter: str
    exact_coordinates: int
    distance: float
    share: float

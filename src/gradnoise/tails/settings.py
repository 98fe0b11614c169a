"""What the tails stage is told."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """What the stage reads, besides the design of the noise that it finds in the stores.

    Attributes:
        parameter: name of the measured parameter.
        batches: the first n mini-batches of each size are taken.
        seed: of the network; everything simulated follows from it.
        methods: estimators of the tail index, of `gradnoise.tails.METHODS`.
    """

    parameter: str
    batches: int
    seed: int
    methods: Sequence[str]

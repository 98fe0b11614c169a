"""What the rejection stage is told."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Settings of the rejection stage.

    Attributes:
        run, seed, epoch: the checkpoint.
        parameters: names of the measured parameters, in the network's order.
        significance: level of the Shapiro-Wilk test, 0 to 1.
    """

    run: str
    seed: int
    epoch: int
    parameters: list[str]
    significance: float

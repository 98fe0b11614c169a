"""What the calibration stage is told."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Settings of the instrument check."""

    seed: int  # of the noise
    significances: list[float]  # levels of the test, 0 to 1, each checked
    batches: list[int]  # numbers of batches
    series: int  # of every law and batch size; fewer of the dear ones

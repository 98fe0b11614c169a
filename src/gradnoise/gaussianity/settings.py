"""What the gaussianity stage is told."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Settings of one layer's job."""

    parameter: str  # whose noise is analysed
    batches: list[int]  # numbers of batches to test with, each the first n of those there are

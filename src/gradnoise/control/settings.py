"""What the control stage is told."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """What the stage reads.

    Attributes:
        batch_sizes: mini-batch sizes, the largest of which judges fresh noise.
        batches: of each size.
        seed: of everything drawn.
    """

    batch_sizes: Sequence[int]
    batches: int
    seed: int

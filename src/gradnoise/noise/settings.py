"""What the noise stage is told; the defaults stand in config.yaml."""

from collections.abc import Sequence
from dataclasses import dataclass

from gradnoise.draws.batches import Sampling
from gradnoise.gradients import settings


@dataclass(frozen=True, kw_only=True)
class Settings(settings.Settings):
    """What is measured, as the gradients stage was told, and how mini-batches are drawn.

    Attributes:
        batch_sizes: different mini-batch sizes.
        batches: number of batches of each size.
        sampling: "with_replacement" or "epoch_shuffle".
        repeat: another number draws other batches.
    """

    batch_sizes: Sequence[int]
    batches: int
    sampling: Sampling
    repeat: int

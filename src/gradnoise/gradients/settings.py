"""What the gradients stage is told; the defaults stand in config.yaml."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from gradnoise.stage import OPTIONAL
from gradnoise.store.parts import WHOLE


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Which checkpoint is measured, where and how: nothing that says how batches are drawn.

    Attributes:
        model: the config's model section, `name` and `arguments`.
        loss: name of the loss.
        device: "cpu", "cuda", "mps" or "auto".
        torch_threads: torch's threads, which change the bits of a result.
        seed: of the training; of the coordinates and directions drawn, too.
        epoch: of the checkpoint.
        parameters: names of the parameters that are measured.
        coordinates: "all", or how many of each parameter.
        directions: random directions of each parameter, 0 for none.
        batch_norm_mode: "train" or "eval", of the whole model.
        augment: re-draw crop and flip for every sample of every batch.
        strategy: "auto", "per_sample" or "per_batch".
        memory: bytes for buffers.
        part: number of the part that this job does, and of how many.
    """

    model: Mapping[str, Any]
    loss: str
    device: str
    torch_threads: int
    seed: int
    epoch: int
    parameters: Sequence[str]
    coordinates: int | Literal["all"]
    directions: int
    batch_norm_mode: Literal["train", "eval"]
    augment: bool
    strategy: str
    memory: int
    part: Sequence[int] = field(default=WHOLE, metadata=OPTIONAL)

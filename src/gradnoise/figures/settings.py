"""What every figure is told."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Settings:
    """Whose results are shown, and how.

    Attributes:
        run: name of the run.
        trained_by: the run that trained its networks, itself or another.
        network: name of the model on all of CIFAR-10, for which numbers have been published; "" of all others.
        significance: level of the Shapiro-Wilk test, which sets the ceiling.
        training_batch_size: mini-batch size that the networks were trained with.
        style: `colours` replaces the palette, `width` every figure's own (inches); names with a point are
            parameters of matplotlib (`lines.linewidth`).
    """

    run: str
    trained_by: str
    network: str
    significance: float
    training_batch_size: int
    style: dict[str, Any]

"""What the program that describes a model reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Settings:
    """A model and what it is built for.

    Attributes:
        model: the config's model section, `name` and `arguments`.
        input_shape: of one sample.
        outputs: number of classes, or of regression targets.
        tokens: whether inputs are integers.
        positions: shape of one sample's class labels, () or (T,).
    """

    model: Mapping[str, Any]
    input_shape: Sequence[int]
    outputs: int
    tokens: bool
    positions: Sequence[int]

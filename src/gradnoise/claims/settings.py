"""What the stage is told."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Settings:
    """Settings of the claims stage.

    Attributes:
        runs: run -> its config sections, overrides applied.
        trained_by: run -> the run whose networks it measures.
    """

    runs: Mapping[str, Mapping[str, Any]]
    trained_by: Mapping[str, str]

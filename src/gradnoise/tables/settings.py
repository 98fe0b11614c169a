"""What the tables stage is told."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Settings:
    """Settings of the tables stage, which claims and report read, too."""

    measured: dict[str, dict[str, Any]]  # run -> `seeds`, `epochs`, `parameters`, trajectories
    trained_by: dict[str, str]  # run -> the run that trained its networks
    runs: dict[str, dict[str, Any]]  # run -> its config sections
    significance: float  # level of the test, 0 to 1

"""What the tables stage is told."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Settings:
    """Settings of the tables stage."""

    measured: dict[str, dict[str, Any]]  # run -> `seeds`, `epochs`, `parameters`, trajectories
    trained_by: dict[str, str]  # run -> the run that trained its networks
    shared: list[str]  # stages of the whole experiment whose tables stand beside the runs'
    studies: list[str]  # related studies

"""What the tables stage is told."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Settings:
    """Settings of the tables stage."""

    measured: dict[str, dict[str, Any]]  # run -> `seeds`, `epochs`, `parameters`, trajectories
    trained_by: dict[str, str]  # run -> the run that trained its networks
    pieces: dict[
        str, list[str]
    ]  # stage of the whole experiment -> its folders of tables, in the order of their rows
    studies: list[str]  # related studies

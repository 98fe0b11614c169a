"""What the stage is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Settings:
    """Settings of the report.

    Attributes:
        config: the whole config, as the page shows it.
        sections: its keys in the order of the pipeline.
        runs: run -> its config sections, overrides applied.
        trained_by: run -> the run whose networks it measures.
        figures: `name`, `title` and `caption` of every figure, in the order of the page, the headline first.
        data_files: run -> name of the file of its data.
        command: by which the results can be made again.
        stale: results beside the page's that the config no longer asks for.
    """

    config: Mapping[str, Any]
    sections: Sequence[str]
    runs: Mapping[str, Mapping[str, Any]]
    trained_by: Mapping[str, str]
    figures: Sequence[Mapping[str, str]]
    data_files: Mapping[str, str]
    command: str
    stale: Sequence[str] = ()

    def ceiling(self, run: str) -> float:
        """Percentage of exactly Gaussian coordinates that pass a run's own test."""
        return 100 * (1 - float(self.runs[run]["gaussianity"]["significance"]))

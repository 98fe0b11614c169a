"""Report: the whole config, and what the page says of each figure."""

from pathlib import Path
from typing import Any

from configuration import Config
from experiment import Experiment
from gradnoise.figures import catalogue
from sizes import Resources
from stages import claims, figures
from stale import stale


def settings(experiment: Experiment) -> dict[str, Any]:
    """What the page and the noise card read; sections and figures in the order of the page."""
    drawn = {name for run in experiment.runs.values() for name in figures.figures_of(run)}
    drawn |= set(figures.shared(experiment))
    return {
        "config": experiment.config,
        "sections": list(Config.model_fields),
        **claims.settings(experiment),
        "figures": [
            {"name": entry.name, "title": entry.title, "caption": entry.caption}
            for entry in catalogue.entries().values()
            if entry.name in drawn
        ],
        "data_files": {
            name: Path(experiment.paths.data(run.data)).name
            for name, run in experiment.runs.items()
        },
        "command": experiment.command,
        "stale": list(stale(experiment)),
    }


def resources(experiment: Experiment) -> Resources:
    """All figures and tables in one page."""
    return Resources(memory=1_000, minutes=10)

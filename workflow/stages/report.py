"""Report: the whole config, and what the page says of each figure."""

from typing import Any

from experiment import Experiment
from sizes import Resources
from stages import tables


def settings(experiment: Experiment) -> dict[str, Any]:
    """What the page and the noise card read."""
    return {
        "config": experiment.config,
        **tables.settings(experiment),
        "command": experiment.command,
    }


def resources(experiment: Experiment) -> Resources:
    """All figures and tables in one page."""
    return Resources(memory=1_500, minutes=10)

"""Claims: verdicts are computed from the tables and from what these know about each run."""

from typing import Any

from experiment import Experiment
from sizes import Resources
from stages import tables


def settings(experiment: Experiment) -> dict[str, Any]:
    """What claims know about each run."""
    known = tables.settings(experiment)
    return {name: known[name] for name in ("runs", "trained_by")}


def resources(experiment: Experiment) -> Resources:
    """All tables at once."""
    return Resources(memory=1_500, minutes=10)

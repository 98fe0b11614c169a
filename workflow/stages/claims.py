"""Claims: verdicts are computed from the tables and from what these know about each run."""

from experiment import Experiment
from sizes import Resources
from stages import tables

settings = tables.settings


def resources(experiment: Experiment) -> Resources:
    """All tables at once."""
    return Resources(memory=1_500, minutes=10)

"""Claims: verdicts are computed from the tables and from each run's sections."""

from typing import Any

from experiment import Experiment
from sizes import Resources


def settings(experiment: Experiment) -> dict[str, Any]:
    """What claims know about each run: its sections, and whose networks it measures."""
    runs = experiment.runs
    return {
        # Trajectories speak for themselves: their files hold how they were made.
        "runs": {
            name: run.sections.model_dump(exclude={"trajectory", "langevin"})
            for name, run in runs.items()
        },
        "trained_by": {name: run.trained_by for name, run in runs.items()},
    }


def resources(experiment: Experiment) -> Resources:
    """All tables at once."""
    return Resources(memory=1_000, minutes=10)

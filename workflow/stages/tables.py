"""Tables: what is known of each run when its results are gathered."""

from typing import Any

import sizes
from experiment import Experiment
from gradnoise.store.paths import STUDY_STAGES
from sizes import Resources


def settings(experiment: Experiment) -> dict[str, Any]:
    """What tables know about each run: which files there are, and whose networks it measures."""
    runs = experiment.runs
    return {
        "trained_by": {name: run.trained_by for name, run in runs.items()},
        "measured": {
            name: {
                "seeds": run.seeds,
                "epochs": run.epochs,
                "parameters": [parameter.name for parameter in run.measured],
                "followed": run.followed,
                "last_epoch": run.sections.training.epochs,
                "variants": run.sections.trajectory.variants,
                "subspaces": run.subspaces,
            }
            for name, run in runs.items()
        },
        "pieces": {stage: list(experiment.pieces(stage)) for stage in STUDY_STAGES},
        "studies": list(experiment.sections.related.studies),
    }


def resources(experiment: Experiment) -> Resources:
    """All rows of all layers at once."""
    files = 3 * sum(1 for _ in experiment.jobs())
    return Resources(memory=sizes.STATISTICS_MB + 200 + files // 10, minutes=30)

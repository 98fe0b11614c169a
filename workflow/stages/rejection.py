"""Rejection: at which level of the test what was measured is judged."""

from typing import Any

import sizes
from run import Job
from sizes import Resources
from stages import gaussianity

SECONDS = 1.0  # per layer, whatever it holds: series that are rejected, by maximum likelihood


def settings(job: Job) -> dict[str, Any]:
    """What the judgement of one checkpoint reads."""
    return {
        "run": job.run.name,
        "seed": job.seed,
        "epoch": job.epoch,
        "parameters": [parameter.name for parameter in job.run.measured],
        "significance": job.run.sections.gaussianity.significance,
    }


def resources(job: Job) -> Resources:
    """All results of one layer at a time, and blocks of its noise."""
    run = job.run
    layers = len(run.measured)
    return Resources(
        memory=sizes.statistics_memory(run)
        + sizes.mebibytes(256 * run.samples + 6_400 * run.sections.noise.batches),
        minutes=sizes.statistics_minutes(gaussianity.seconds(run, each) for each in run.measured)
        + int(layers * SECONDS / 60),
        least=sizes.LEAST_STATISTICS,
    )

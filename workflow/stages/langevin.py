"""Langevin: how trajectories are compared with Langevin dynamics."""

from typing import Annotated, Any

from pydantic import Field

import sizes
from run import Job
from sections import Positive, Section
from sizes import Resources


class Langevin(Section):
    """How trajectories are compared with Langevin dynamics."""

    lags: Annotated[int, Field(ge=2)]
    residual_lags: Positive
    surrogates: Annotated[int, Field(ge=40)]


def settings(job: Job) -> dict[str, Any]:
    """What the comparison in one subspace reads."""
    return {
        "subspace": job.parameter,
        "seed": job.seed,
        **job.run.sections.langevin.model_dump(),
    }


def resources(job: Job) -> Resources:
    """All steps along all directions of one subspace, several times over."""
    section = job.run.sections.trajectory.variant(job.variant)
    numbers = section.steps * section.replicas * section.directions
    memory = sizes.STATISTICS_MB + sizes.mebibytes(numbers * 8 * 12)
    return Resources(memory, minutes=20, least=20)

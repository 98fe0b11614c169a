"""Gaussianity: how the noise is tested."""

from typing import Annotated, Any

from pydantic import Field, field_validator

import sizes
from gradnoise.model.architectures import Parameter
from run import Job, Run
from sections import Section, distinct
from sizes import Resources


class Gaussianity(Section):
    """How the noise is tested."""

    significance: Annotated[float, Field(gt=0, lt=1)]
    batches: Annotated[list[Annotated[int, Field(ge=3, le=5000)]], Field(min_length=1)]

    _each_once = field_validator("batches")(distinct)


def settings(job: Job) -> dict[str, Any]:
    """What the tests of every layer read."""
    return {"batches": job.run.sections.test_batches}


def seconds(run: Run, layer: Parameter) -> float:
    """For all tests of one layer."""
    return run.values(layer) * sizes.tests(run) * sizes.TEST


def resources(job: Job) -> Resources:
    """All tests of some layers, one layer after another."""
    return Resources(
        memory=sizes.statistics_memory(job.run),
        minutes=sizes.statistics_minutes(seconds(job.run, each) for each in job.parameters),
        threads=sizes.statistics_threads(job.run),
        least=sizes.LEAST_STATISTICS,
    )

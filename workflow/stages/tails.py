"""Tails: how heavy the noise's tails are."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

import sizes
from run import Job
from sections import Section, distinct
from sizes import Resources


class Tails(Section):
    """How heavy the noise's tails are."""

    methods: Annotated[list[Literal["ecf", "mcculloch", "mohammadi", "ml"]], Field(min_length=1)]

    _each_once = field_validator("methods")(distinct)

    @model_validator(mode="after")
    def _figures_need(self) -> Self:
        if "ecf" not in self.methods:
            raise ValueError(
                f"methods: found {self.methods}; ecf, which the claims use, must be there"
            )
        return self


def settings(job: Job) -> dict[str, Any]:
    """What the estimates of one layer read."""
    return {
        "parameter": job.parameter,
        "significance": job.run.sections.gaussianity.significance,
        "seed": job.seed,
        **job.run.sections.tails.model_dump(),
    }


def resources(job: Job) -> Resources:
    """All estimates of one layer, at 20 microseconds each, or 2 milliseconds by likelihood."""
    run = job.run
    series = sizes.largest(run) * len(run.sections.noise.batch_sizes) * len(run.repeats)
    cost = 2e-3 if "ml" in run.sections.tails.methods else 20e-6
    return Resources(
        memory=sizes.statistics_memory(run),
        minutes=10 + int(2 * series * cost / 60),
        threads=sizes.statistics_threads(run),
    )

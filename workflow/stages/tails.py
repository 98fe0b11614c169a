"""Tails: how heavy the noise's tails are."""

from typing import Annotated, Any, Self

from pydantic import Field, field_validator, model_validator

import sizes
from registries import constant, modules
from run import Job
from sections import Choice, Section, distinct
from sizes import Resources

ESTIMATORS = "gradnoise.tails.stable.estimators"
METHODS = modules(ESTIMATORS)
JUDGED = constant("gradnoise.tails.stable.index", "DEFAULT")
OTHERS = 20e-6  # seconds per series for all that is no estimate of the index


class Tails(Section):
    """How heavy the noise's tails are."""

    methods: Annotated[list[Annotated[str, Choice(METHODS)]], Field(min_length=1)]

    _each_once = field_validator("methods")(distinct)

    @model_validator(mode="after")
    def _figures_need(self) -> Self:
        if JUDGED not in self.methods:
            raise ValueError(
                f"methods: found {self.methods}; {JUDGED}, which the claims use, must be there"
            )
        return self


def settings(job: Job) -> dict[str, Any]:
    """What the estimates of one layer read."""
    return {
        "parameter": job.parameter,
        "batches": max(job.run.sections.test_batches),
        "seed": job.seed,
        **job.run.sections.tails.model_dump(),
    }


def resources(job: Job) -> Resources:
    """All estimates of one layer, at the cost that each estimator declares."""
    run, batches = job.run, job.run.sections.noise.batches
    series = run.largest * len(run.sections.noise.batch_sizes) * len(run.repeats)
    declared = sum(constant(f"{ESTIMATORS}.{m}", "SECONDS") for m in run.sections.tails.methods)
    results = 24 * series * len(run.sections.tails.methods)
    # Norms need the products of all pairs of batches, or all coordinates where these are fewer.
    pairs = 24 * min(batches, run.largest) ** 2
    memory = sizes.mebibytes(results + pairs + 4_096 * run.samples)
    return Resources(
        memory=sizes.STATISTICS_MB + 7 * sizes.block_memory(run) + memory,
        minutes=sizes.LEAST + int(2 * series * (OTHERS + declared * batches / 600) / 60),
        threads=sizes.statistics_threads(run),
    )

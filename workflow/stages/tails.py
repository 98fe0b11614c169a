"""Tails: how heavy the noise's tails are."""

from typing import Annotated, Any, Self

from pydantic import Field, field_validator, model_validator

import sizes
from gradnoise.model.architectures import Parameter
from registries import constant, modules
from run import Job, Run
from sections import Choice, Section, distinct
from sizes import Resources

ESTIMATORS = "gradnoise.tails.stable.estimators"
METHODS = modules(ESTIMATORS)
JUDGED = constant("gradnoise.tails.stable.index", "DEFAULT")
OTHERS = 20e-6  # seconds per series for all that is no estimate of the index
SAMPLE = 1.3e-4  # and per sample whose gradient is stored, whatever the layer's size


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
    """What the estimates of every layer read."""
    return {
        "batches": max(job.run.sections.test_batches),
        "seed": job.seed,
        **job.run.sections.tails.model_dump(),
    }


def seconds(run: Run, layer: Parameter) -> float:
    """For all estimates of one layer, at the cost that each estimator declares."""
    declared = sum(constant(f"{ESTIMATORS}.{m}", "SECONDS") for m in run.sections.tails.methods)
    series = OTHERS + declared * run.sections.noise.batches / 600
    stored = SAMPLE * run.samples if sizes.draws_from_samples(run) else 0
    return stored + run.values(layer) * _kinds(run) * series


def resources(job: Job) -> Resources:
    """All estimates of some layers, one layer after another."""
    run, batches = job.run, job.run.sections.noise.batches
    results = 24 * run.largest * _kinds(run) * len(run.sections.tails.methods)
    # Norms need the products of all pairs of batches, or of coordinates, with all noise, where these are fewer.
    few = run.largest if run.largest <= batches else 0
    pairs = 24 * min(batches, run.largest) ** 2 + 4 * batches * few
    # Of all samples some columns, and statistics of subsets of a hundred; some samples of all columns, drawn from.
    memory = sizes.mebibytes(results + pairs + 512 * run.samples + 2_048 * batches) + 64
    return Resources(
        memory=sizes.STATISTICS_MB + 7 * sizes.block_memory(run) + memory,
        minutes=sizes.statistics_minutes(
            (seconds(run, each) for each in job.parameters), sizes.LEAST
        ),
        threads=sizes.statistics_threads(run),
    )


def _kinds(run: Run) -> int:
    """Series of a coordinate: batch sizes and repeats."""
    return len(run.sections.noise.batch_sizes) * len(run.repeats)

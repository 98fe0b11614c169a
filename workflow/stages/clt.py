"""CLT: how fast the noise becomes Gaussian with the batch size."""

from typing import Annotated, Any

from pydantic import Field

import sizes
from run import Job
from sections import Positive, Section
from sizes import Resources
from stages import gaussianity


class Clt(Section):
    """How fast the noise becomes Gaussian with the batch size."""

    exact_coordinates: Positive
    distance: Annotated[float, Field(gt=0, lt=0.5)]
    share: Annotated[float, Field(gt=0, lt=1)]


def settings(job: Job) -> dict[str, Any]:
    """What the predictions for one layer read."""
    sections = job.run.sections
    return {
        **sections.noise.model_dump(include={"batch_sizes", "repeats", "sampling"}),
        **gaussianity.settings(job),
        **sections.clt.model_dump(),
        "seed": job.seed,
    }


def resources(job: Job) -> Resources:
    """Some columns of all per-sample gradients at a time, the tests of held-out batches, exact distances."""
    run = job.run
    exact = run.sections.clt.exact_coordinates * len(run.sections.noise.batch_sizes) * run.samples
    return Resources(
        memory=sizes.statistics_memory(run) + sizes.mebibytes(8_192 * run.samples),
        minutes=2 * sizes.statistics_minutes(run) + int(exact * 1e-6 / 60),
        threads=sizes.statistics_threads(run),
        least=2 * sizes.LEAST_STATISTICS,
    )

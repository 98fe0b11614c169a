"""CLT: how fast the noise becomes Gaussian with the batch size."""

from typing import Annotated, Any

from pydantic import Field

import sizes
from gradnoise.model.architectures import Parameter
from run import Job, Run
from sections import Positive, Section
from sizes import Resources
from stages import gaussianity

# Seconds for a sample's value at a coordinate, and for one of a coordinate whose exact distance at a batch size is computed.
VALUE, EXACT = 1.2e-7, 5e-8


class Clt(Section):
    """How fast the noise becomes Gaussian with the batch size."""

    exact_coordinates: Positive
    distance: Annotated[float, Field(gt=0, lt=0.5)]
    share: Annotated[float, Field(gt=0, lt=1)]


def settings(job: Job) -> dict[str, Any]:
    """What the predictions for every layer read."""
    sections = job.run.sections
    return {
        **sections.noise.model_dump(include={"batch_sizes", "repeats", "sampling"}),
        **gaussianity.settings(job),
        **sections.clt.model_dump(),
        "seed": job.seed,
    }


def seconds(run: Run, layer: Parameter) -> float:
    """For the predictions and exact distances of one layer; little where no sample's gradient is stored."""
    if not sizes.draws_from_samples(run):
        return 0.1
    coordinates = run.values(layer) - run.sections.noise.directions
    exact = min(run.sections.clt.exact_coordinates, coordinates)
    kinds = len(run.sections.noise.batch_sizes)
    return run.samples * (VALUE * coordinates + EXACT * exact * kinds)


def resources(job: Job) -> Resources:
    """Some columns of all per-sample gradients at a time, the tests of held-out batches, exact distances."""
    run = job.run
    chosen = run.sections.clt.exact_coordinates
    # A block of columns and its halves; all chosen columns, and a law of one of them.
    columns = 16 * max(min(128 * run.samples, 2**22), run.samples)
    memory = columns + (4 * chosen + 512) * run.samples
    return Resources(
        memory=sizes.statistics_memory(run) + sizes.mebibytes(memory),
        minutes=sizes.statistics_minutes(
            (seconds(run, each) for each in job.parameters), sizes.LEAST
        ),
        threads=sizes.statistics_threads(run),
    )

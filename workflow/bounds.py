"""What is too much: for the data, or to be meant at all. Refused by an estimate, before anything is listed or runs."""

import math

from configuration import Sections
from gradnoise.errors import InputError
from plain import shown
from run import Run

MOST_JOBS = 100_000  # samplings of one run: Snakemake plans about a thousand jobs a second
MOST_BYTES = 1e13  # of one store; ten times what the largest networks need


def check_jobs(run: str, sections: Sections, seeds: int) -> None:
    """Check that the jobs of a run can be planned, before they are listed."""
    noise, checkpoints = sections.noise, len(sections.checkpoints)
    jobs = seeds * checkpoints * noise.repeats * noise.shards
    if jobs > MOST_JOBS:
        raise InputError(
            f"noise.repeats of run {run}: found {noise.repeats}; with {seeds} training.seeds, {checkpoints} "
            f"noise.checkpoints and {noise.shards} noise.shards that is {jobs} samplings; accepted: up to {MOST_JOBS}"
        )


def check_bytes(run: Run) -> None:
    """Check that what a run stores, and the data, can be meant: a zero too many is refused before anything runs."""
    noise, trajectory = run.sections.noise, run.sections.trajectory
    known = run.description
    stored = {
        "data": math.prod(known.input_shape) * known.train_samples if known else 0,
        "noise.batches": len(noise.batch_sizes)
        * noise.batches
        * sum(map(run.values, run.measured)),
        "trajectory.steps": trajectory.replicas * trajectory.steps * len(trajectory.variants),
    }
    for key, numbers in stored.items():
        if 4 * numbers > MOST_BYTES:
            raise InputError(
                f"{key} of run {run.name}: that is {4 * numbers / 1e12:,.0f} TB in one file or store; accepted: up "
                f"to {MOST_BYTES / 1e12:g}"
            )


def check_lags(run: Run) -> None:
    """Check that every trajectory is long enough for the test of its fits' residuals."""
    lags, trajectory = run.sections.langevin.residual_lags, run.sections.trajectory
    for name in trajectory.variants:
        steps = trajectory.variant(name).steps
        if lags > steps - 3:
            raise InputError(
                f"langevin.residual_lags of run {run.name}: found {lags}; accepted: up to {steps - 3}, three less than "
                f"the trajectory.steps of variant {name}"
            )


def check_sizes(run: Run) -> None:
    """Check that no batch asks for more samples than there are, where their number is known."""
    check_bytes(run)
    check_lags(run)
    if run.description is None:
        return
    noise, trajectory = run.sections.noise, run.sections.trajectory
    above = [size for size in noise.batch_sizes if size > run.samples]
    if noise.sampling == "epoch_shuffle" and above:
        raise InputError(
            f"noise.batch_sizes of run {run.name}: found {shown(above, 200)}; without replacement "
            f"(sampling: epoch_shuffle) at most the {run.samples} training samples"
        )
    followed = [trajectory.variant(name).batch_size for name in trajectory.variants]
    for key, size in [
        *(("trajectory.batch_size", size) for size in followed),
        ("training.batch_size", run.sections.training.batch_size),
    ]:
        if size > run.samples:
            raise InputError(
                f"{key} of run {run.name}: found {size}; at most the {run.samples} training samples"
            )

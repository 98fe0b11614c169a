"""Gradients: per-sample gradients of a trained network, of which batches are drawn."""

from typing import Any

import sizes
from run import Job
from sizes import Resources


def settings(job: Job) -> dict[str, Any]:
    """What the stage reads: nothing that says how batches are drawn."""
    sections = job.run.sections
    training, noise = sections.training, sections.noise
    part = {"part": [job.part, noise.shards]} if job.part else {}
    return {
        **part,
        "model": sections.model.model_dump(),
        "loss": training.loss,
        "device": training.device,
        "torch_threads": training.torch_threads,
        "seed": job.seed,
        "epoch": job.epoch,
        "parameters": [parameter.name for parameter in job.run.measured],
        "memory": int(noise.memory * 2**30),
        **noise.model_dump(
            include={"coordinates", "directions", "batch_norm_mode", "augment", "strategy"}
        ),
    }


def resources(job: Job) -> Resources:
    """A shard of per-sample gradients, three times over while it is encoded; where none are stored, a look at the model."""
    run, stored = job.run, sizes.draws_from_samples(job.run)
    if job.parts and not job.part:
        return Resources(sizes.TORCH_MB, sizes.LEAST)  # loaded, not used
    shards = 3 * sizes.shard_memory(run) if stored else 0
    return Resources(
        memory=sizes.model_memory(run, sizes.PASS, copies=4) + shards,
        minutes=sizes.minutes(run, 4 * run.samples * stored / run.sections.noise.shards),
        threads=run.sections.training.torch_threads,
        gpu=sizes.gpu(run) if stored else 0,
    )

"""Gradients: per-sample gradients of a trained network, of which batches are drawn."""

from typing import Any

import sizes
from run import Job
from sizes import Resources


def settings(job: Job) -> dict[str, Any]:
    """What the stage reads: nothing that says how batches are drawn."""
    sections = job.run.sections
    training, noise = sections.training, sections.noise
    return {
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
    """All per-sample gradients of the data set."""
    return Resources(
        memory=sizes.sampling_memory(job.run),
        minutes=sizes.gradients_minutes(job.run),
        threads=job.run.sections.training.torch_threads,
        gpu=sizes.gpu(job.run),
    )

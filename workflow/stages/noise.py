"""Noise: which samples of the gradient noise are taken."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

import sizes
from run import Job
from sections import Count, Positive, Section, distinct
from sizes import Resources
from stages import gradients


class Noise(Section):
    """Which samples of the gradient noise are taken."""

    checkpoints: list[Count | Literal["last"]]
    batch_sizes: Annotated[list[Positive], Field(min_length=1)]
    batches: Annotated[int, Field(ge=3)]
    repeats: Positive
    sampling: Literal["with_replacement", "epoch_shuffle"]
    layers: Literal["all"] | Annotated[list[str], Field(min_length=1)]
    biases: bool
    coordinates: Literal["all"] | Positive
    directions: Count
    augment: bool
    batch_norm_mode: Literal["eval", "train"]
    strategy: Literal["auto", "per_sample", "per_batch"]
    memory: Annotated[float, Field(gt=0)]

    _each_once = field_validator("checkpoints", "batch_sizes")(distinct)

    @model_validator(mode="after")
    def _strategy_possible(self) -> Self:
        obstacle = (
            "augment: true"
            if self.augment
            else "batch_norm_mode: train"
            if self.batch_norm_mode == "train"
            else None
        )
        if self.strategy == "per_sample" and obstacle:
            raise ValueError(
                f"strategy: per_sample is impossible with {obstacle} (no gradient of one fixed sample "
                "exists then); accepted: auto, per_batch"
            )
        return self


def settings(job: Job) -> dict[str, Any]:
    """What one repeat of the sampling reads."""
    noise = job.run.sections.noise.model_dump(include={"batch_sizes", "batches", "sampling"})
    return {**gradients.settings(job), **noise, "repeat": job.repeat}


def resources(job: Job) -> Resources:
    """One repeat, from mini-batches (the slower of the two ways)."""
    run, noise = job.run, job.run.sections.noise
    samples = noise.batches * max(noise.batch_sizes)
    # With batch statistics the sizes share no pass.
    shared = (
        1 if noise.batch_norm_mode == "eval" else sum(noise.batch_sizes) / max(noise.batch_sizes)
    )
    return Resources(
        memory=sizes.sampling_memory(run),
        minutes=sizes.minutes(run, samples * shared + run.samples),
        threads=run.sections.training.torch_threads,
        gpu=sizes.sampling_gpu(run),
    )

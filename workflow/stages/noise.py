"""Noise: which samples of the gradient noise are taken."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

import sizes
from gradnoise.gradients import strategy
from run import Job
from sections import Count, Positive, Section, distinct
from sizes import Resources
from stages import gradients

ROWS = 64  # batches that are computed before they are written, at most


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
    shards: Annotated[int, Field(ge=1, le=1000)]

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
    """One repeat: a block of columns of stored gradients, with its noise; or a shard of batches of every size."""
    run, noise = job.run, job.run.sections.noise
    if job.parts and not job.part:
        return sizes.joining(run)
    threads, budget = run.sections.training.torch_threads, sizes.buffers(run)
    kinds, drawn = len(noise.batch_sizes), noise.batches * max(noise.batch_sizes)
    if sizes.draws_from_samples(run):
        block = 4 * run.largest * (run.samples + 2 * kinds * noise.batches)
        # Of every draw two bytes are kept; they are sorted a million at a time.
        memory = sizes.mebibytes(3 * min(budget, strategy.BLOCK, block) + 2 * drawn) + 40
        seconds = 2 * drawn * sizes.values(run) / sizes.DRAWN / threads / noise.shards
        return Resources(sizes.STATISTICS_MB + memory, sizes.LEAST + int(seconds / 60), threads)
    # With batch statistics a batch is one pass, and the sizes share none.
    whole = noise.batch_norm_mode == "train"
    shared = sum(noise.batch_sizes) / max(noise.batch_sizes) if whole else 1
    shards = min(budget // 2, 4 * kinds * ROWS * sizes.values(run))
    network = sizes.model_memory(run, max(noise.batch_sizes) if whole else sizes.PASS, copies=4)
    return Resources(
        memory=network + sizes.mebibytes(4 * shards),
        minutes=sizes.minutes(run, drawn * shared / noise.shards + run.samples),
        threads=threads,
        gpu=sizes.gpu(run),
    )

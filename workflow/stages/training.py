"""Training: how the network learns."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

import sizes
from registries import modules
from run import Job
from sections import Choice, Count, Positive, Section, distinct, within
from sizes import Resources


class Training(Section):
    """How it learns."""

    optimizer: Annotated[str, Choice(modules("gradnoise.training.optimizers"))]
    learning_rate: Annotated[float, Field(gt=0)]
    momentum: Annotated[float, Field(ge=0, lt=1)]
    nesterov: bool
    weight_decay: Annotated[float, Field(ge=0)]
    milestones: list[Positive]
    milestone_factor: Annotated[float, Field(gt=0)]
    epochs: Count
    batch_size: Positive
    loss: Annotated[str, Choice(modules("gradnoise.model.losses"))]
    augment: bool
    seeds: Annotated[list[Count], Field(min_length=1)]
    checkpoints: Literal["all"] | list[Count]
    device: Literal["auto", "cpu", "cuda", "mps"]
    torch_threads: Positive

    _seeds_distinct = field_validator("seeds", "milestones")(distinct)

    @model_validator(mode="after")
    def _checkpoints_exist(self) -> Self:
        if self.checkpoints != "all":
            within(self.checkpoints, self.epochs, "training.checkpoints")
        if self.nesterov and (self.optimizer != "sgd" or self.momentum == 0):
            raise ValueError("nesterov: true needs the optimizer sgd and a momentum above 0")
        return self

    @property
    def saved_epochs(self) -> list[int]:
        """Epochs whose weights are kept; 0 always."""
        if self.checkpoints == "all":
            return list(range(self.epochs + 1))
        return sorted({0, *self.checkpoints})

    @property
    def last_learning_rate(self) -> float:
        """Learning rate of the last epoch."""
        passed = sum(milestone < self.epochs for milestone in self.milestones)
        return self.learning_rate * self.milestone_factor**passed


def settings(job: Job) -> dict[str, Any]:
    """What training one network reads."""
    sections = job.run.sections
    return {
        "model": sections.model.model_dump(),
        "training": sections.training.model_dump(exclude={"seeds"}),
        "seed": job.seed,
    }


def resources(job: Job) -> Resources:
    """The data as float32 twice, and the network's state; all epochs."""
    training = job.run.sections.training
    state = 12 * job.run.weights * 4 // 2**20
    return Resources(
        memory=sizes.BASE_MB + 2 * sizes.data_memory(job.run) + state,
        minutes=sizes.minutes(job.run, job.run.samples * training.epochs * 1.5),
        threads=training.torch_threads,
        gpu=sizes.gpu(job.run),
    )

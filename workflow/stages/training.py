"""Training: how the network learns."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

import sizes
from fingerprint import digest
from gradnoise.errors import InputError
from gradnoise.store.whole import write_text
from gradnoise.training import checkpoint_files
from registries import modules
from run import Job
from sections import Choice, Count, Positive, Section, distinct, within, without_braces
from sizes import Resources

MOST_EPOCHS = 1_000_000  # whose list can be planned with
CHECKSUMS = Path(".snakemake/gradnoise")


class Training(Section):
    """How it learns."""

    optimizer: Annotated[str, Choice(modules("gradnoise.training.optimizers"))]
    learning_rate: Annotated[float, Field(gt=0)]
    momentum: Annotated[float, Field(ge=0, lt=1)]
    nesterov: bool
    manifold: Literal["euclidean", "stiefel"]
    weight_decay: Annotated[float, Field(ge=0)]
    milestones: list[Positive]
    milestone_factor: Annotated[float, Field(gt=0)]
    epochs: Annotated[int, Field(ge=0, le=MOST_EPOCHS)]
    batch_size: Positive
    loss: Annotated[str, Choice(modules("gradnoise.model.losses"), own="function")]
    augment: bool
    seeds: Annotated[list[Count], Field(min_length=1)]
    checkpoints: Literal["all"] | list[Count]
    path: str | None
    device: Literal["auto", "cpu", "cuda", "mps"]
    torch_threads: Annotated[int, Field(ge=1, le=1024)]

    _seeds_distinct = field_validator("seeds", "milestones")(distinct)

    @field_validator("path")
    @classmethod
    def _no_wildcards(cls, path: str | None) -> str | None:
        return None if path is None else without_braces(path)

    @model_validator(mode="after")
    def _checkpoints_exist(self) -> Self:
        if self.checkpoints != "all":
            within(self.checkpoints, self.epochs, "training.checkpoints")
        if self.nesterov and (self.optimizer != "sgd" or self.momentum == 0):
            raise ValueError("nesterov: true needs the optimizer sgd and a momentum above 0")
        if self.manifold == "stiefel" and (self.optimizer != "sgd" or self.nesterov):
            raise ValueError("manifold: stiefel needs the optimizer sgd, and nesterov: false")
        return self

    @model_validator(mode="after")
    def _trained_elsewhere(self) -> Self:
        for seed in self.seeds if self.path is not None else ():
            found = self.pretrained(seed)
            missing = sorted(set(self.saved_epochs) - set(found.checkpoints))
            if missing:
                raise ValueError(
                    f"path: {found.folder} has no checkpoint of epochs {missing}; found {list(found.checkpoints)}"
                )
        return self

    def pretrained(self, seed: int) -> checkpoint_files.CheckpointFiles:
        """Files of a network that was trained elsewhere.

        Raises:
            InputError: names the folder in which there are none.
        """
        assert self.path is not None
        try:
            return checkpoint_files.find(Path(self.path).expanduser(), seed, self.seeds)
        except InputError as error:
            raise InputError(f"path: {error}") from None

    @property
    def saved_epochs(self) -> list[int]:
        """Epochs whose weights are kept: 0 always, but of networks trained elsewhere those that are there."""
        if self.path is not None:
            there = self.pretrained(self.seeds[0]).checkpoints
            up_to_last = [epoch for epoch in there if epoch <= self.epochs]
            return up_to_last if self.checkpoints == "all" else sorted(self.checkpoints)
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
    training = job.run.sections.training
    return {
        "model": job.run.sections.model.model_dump(),
        "training": training.model_dump(exclude={"seeds", "path"}),
        "seed": job.seed,
        "pretrained": None
        if training.path is None
        else training.pretrained(job.seed).description(training.saved_epochs, checksum),
    }


def checksum(path: Path) -> str:
    """SHA-256 of a file; of one that has kept its place, size and time, the one computed before."""
    status = path.stat()
    known = digest(str(path.resolve()), status.st_size, status.st_mtime_ns)
    cached = CHECKSUMS / f"{known}.sha256"
    if not cached.exists():
        write_text(cached, checkpoint_files.sha256(path))
    return cached.read_text()


def resources(job: Job) -> Resources:
    """The data, a batch, the network and its optimizer's state; all epochs, or a look at every checkpoint."""
    training = job.run.sections.training
    epochs = training.epochs if training.path is None else len(training.saved_epochs)
    return Resources(
        memory=sizes.model_memory(job.run, training.batch_size, copies=12),
        minutes=sizes.minutes(job.run, job.run.samples * epochs * 1.5),
        threads=training.torch_threads,
        gpu=sizes.gpu(job.run),
    )

"""Trajectory: how SGD is followed around the last checkpoint."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

import sizes
from gradnoise.errors import InputError
from gradnoise.trajectory.names import MODEL
from run import Job
from sections import Count, Positive, Section, check, distinct, suggestion
from sizes import Resources

# Keys that say which trajectories there are and along what they are recorded, not how one is made.
WHICH = {"variants", "variant_definitions", "networks", "layers"}
# Keys that are as in training where they are null.
FROM_TRAINING = ("learning_rate", "momentum", "weight_decay")


class Trajectory(Section):
    """How SGD is followed around the last checkpoint."""

    variants: list[Annotated[str, Field(pattern=r"^\w+$")]]
    variant_definitions: dict[str, dict[str, Any] | None]
    networks: Positive
    layers: bool
    learning_rate: Annotated[float, Field(gt=0)] | None
    momentum: Annotated[float, Field(ge=0, lt=1)] | None
    nesterov: bool
    weight_decay: Annotated[float, Field(ge=0)] | None
    batch_size: Positive
    sampling: Literal["with_replacement", "epoch_shuffle"]
    burn_in: Count
    steps: Annotated[int, Field(ge=100)]
    replicas: Positive
    eigenvectors: Annotated[int, Field(ge=2, le=16)]
    random_directions: Count
    coordinates: Count
    curvature_samples: Positive | None
    snapshots: Positive

    _each_once = field_validator("variants")(distinct)

    @model_validator(mode="after")
    def _variants_possible(self) -> Self:
        accepted = set(type(self).model_fields) - WHICH
        for name in self.variants:
            if name not in self.variant_definitions:
                near = suggestion(name, self.variant_definitions)
                raise ValueError(f"variants: {name!r} is not in variant_definitions{near}")
            for key in self.variant_definitions[name] or {}:
                if key not in accepted:
                    raise ValueError(
                        f"variant_definitions.{name}.{key}: unknown key{suggestion(key, accepted)}; "
                        f"accepted: {', '.join(sorted(accepted))}"
                    )
            try:
                self.variant(name)
            except InputError as error:
                raise ValueError(str(error)) from None
        return self

    def variant(self, name: str) -> "Trajectory":
        """The section with one variant's changes.

        Raises:
            InputError: where a value of it is not accepted.
        """
        values = {**self.model_dump(), "variants": [], **(self.variant_definitions[name] or {})}
        return check(Trajectory, values, f"variant_definitions.{name}")

    @property
    def directions(self) -> int:
        """Directions that are recorded in each subspace."""
        return self.eigenvectors + self.random_directions + self.coordinates


def settings(job: Job) -> dict[str, Any]:
    """What one trajectory reads; what a variant leaves open is as in the last epoch of training."""
    sections = job.run.sections
    training, section = sections.training, sections.trajectory.variant(job.variant)
    given = {k: v for k, v in section.model_dump(exclude=WHICH).items() if v is not None}
    return {
        "learning_rate": training.last_learning_rate,
        "momentum": training.momentum,
        "weight_decay": training.weight_decay,
        "curvature_samples": None,
        **given,
        "model": sections.model.model_dump(),
        "loss": training.loss,
        "device": training.device,
        "torch_threads": training.torch_threads,
        "seed": job.seed,
        "epoch": training.epochs,
        "parameters": [name for name in job.run.subspaces if name != MODEL],
        "batch_norm_mode": "eval",
        "augment": False,
    }


def resources(job: Job) -> Resources:
    """The data, every replica's state, the directions and a block of steps; steps and Hessians of all subspaces."""
    run, section = job.run, job.run.sections.trajectory.variant(job.variant)
    vectors = 4 * section.replicas + 2 * section.directions + 2 * section.eigenvectors + 8
    together = max(section.replicas * section.batch_size, sizes.PASS)
    steps = (section.burn_in + section.steps) * section.replicas * section.batch_size
    products = 10 * section.eigenvectors + section.snapshots * section.directions
    passes = 3 * (section.curvature_samples or run.samples) * len(run.subspaces) * products
    return Resources(
        memory=sizes.model_memory(run, 3 * together, copies=vectors),
        minutes=sizes.minutes(run, steps + passes),
        threads=run.sections.training.torch_threads,
        gpu=sizes.gpu(run),
    )

"""Geometry: information geometry of initialisation and training."""

from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import Field, field_validator, model_validator

import sizes
from registries import modules
from sections import Choice, Count, Positive, Section, distinct
from sizes import Resources

if TYPE_CHECKING:
    from experiment import Experiment

STUDIES = modules("gradnoise.geometry.studies")
Above = Annotated[float, Field(gt=0)]


class Geometry(Section):
    """Information geometry of deep tanh networks at their initialisation and in training."""

    seed: Count
    studies: list[Annotated[str, Choice(STUDIES)]]
    width: Annotated[int, Field(ge=2, le=2000)]
    depths: Annotated[list[Annotated[int, Field(ge=2, le=1000)]], Field(min_length=1)]
    q: Annotated[list[Annotated[float, Field(gt=0, le=100)]], Field(min_length=1)]
    networks: Positive
    samples: Annotated[int, Field(ge=2, le=150)]
    images: Annotated[int, Field(ge=10, le=10_000)]
    batch_size: Positive
    rates: Annotated[list[Above], Field(min_length=7)]
    steps: Annotated[int, Field(ge=10)]
    loss: Annotated[float, Field(gt=0, lt=2)]
    ensemble: Annotated[int, Field(ge=60)]
    deepest: Annotated[int, Field(ge=30, le=1000)]

    _each_once = field_validator("studies", "depths", "q", "rates")(distinct)

    @field_validator("rates")
    @classmethod
    def _ascending(cls, rates: list[float]) -> list[float]:
        if rates != sorted(rates):
            raise ValueError(f"found {rates}; accepted: ascending learning rates")
        return rates

    @model_validator(mode="after")
    def _measurable(self) -> Self:
        if self.samples > self.images:
            raise ValueError(
                f"samples: found {self.samples}; accepted: 2 to images = {self.images}"
            )
        return self


def settings(experiment: "Experiment") -> dict[str, Any]:
    """What the stage reads."""
    return experiment.sections.geometry.model_dump()


def resources(experiment: "Experiment") -> Resources:
    """One network at a time, or networks beside each other; minutes by what training and fluctuations take."""
    section = experiment.sections.geometry
    minutes, threads = 10, 1
    memory = sizes.TORCH_MB + sizes.mebibytes(100 * max(section.depths) * section.width**2)
    layers = sum(section.depths) * (section.width / 64) ** 2
    if "training" in section.studies:
        minutes += int(len(section.q) * layers * len(section.rates) * section.steps / 10_000)
    if "fluctuations" in section.studies:
        minutes += int(section.ensemble * section.deepest * (section.width / 64) ** 3 / 10_000)
    if "relation" in section.studies:
        minutes += int(len(section.q) * min(section.networks, 5) * section.images / 1_500)
    if set(section.studies) & {"training", "fluctuations", "relation"}:
        memory, threads = memory + 1_100, 2
    return Resources(memory=memory, minutes=minutes, threads=threads)

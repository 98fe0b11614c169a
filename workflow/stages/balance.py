"""Balance: the law of noise balance, and exact stationary laws against ensembles of SGD."""

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, field_validator

from registries import modules
from sections import Choice, Count, Section, distinct
from sizes import Resources

if TYPE_CHECKING:
    from experiment import Experiment

STUDIES = modules("gradnoise.balance.studies")


class Balance(Section):
    """The law of noise balance, and exact stationary laws against ensembles of SGD."""

    seed: Count
    studies: list[Annotated[str, Choice(STUDIES)]]
    replicas: Annotated[int, Field(ge=100)]
    label_noise: Annotated[float, Field(ge=10)]
    depths: Annotated[list[Annotated[int, Field(ge=0, le=8)]], Field(min_length=1)]
    ratios: Annotated[list[Annotated[float, Field(gt=0, le=10)]], Field(min_length=1)]

    _each_once = field_validator("studies", "depths", "ratios")(distinct)


def settings(experiment: "Experiment") -> dict[str, Any]:
    """What the stage reads."""
    return experiment.sections.balance.model_dump()


def resources(experiment: "Experiment") -> Resources:
    """Little memory, whatever the experiment; minutes for as many replicas as the laws are judged by."""
    return Resources(memory=1_000, minutes=10 + experiment.sections.balance.replicas // 500)

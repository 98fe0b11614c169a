"""Related: small experiments on neighbouring systems, each beside its prediction."""

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, field_validator

from gradnoise.related.catalogue import modules
from sections import Choice, Count, Section, distinct
from sizes import Resources

if TYPE_CHECKING:
    from experiment import Experiment

STUDIES = tuple(modules())
RESOURCES = Resources(memory=1_500, minutes=30)  # of one study

Study = Annotated[str, Choice(STUDIES)]
Repeats = Annotated[int, Field(ge=2)]
Length = Annotated[float, Field(gt=0, le=100)]


class Own(Section):
    """What one study does otherwise."""

    repeats: Repeats | None = None
    length: Length | None = None


class Related(Section):
    """Small experiments on neighbouring systems, each beside its prediction."""

    seed: Count
    studies: list[Study]
    repeats: Repeats
    length: Length
    own: dict[Study, Own]

    _each_once = field_validator("studies")(distinct)


def settings(experiment: "Experiment", study: str) -> dict[str, Any]:
    """What the job of one study reads."""
    section = experiment.sections.related
    own = section.own.get(study, Own()).model_dump(exclude_none=True)
    shared = {"seed": section.seed, "repeats": section.repeats, "length": section.length}
    return {"study": study, **shared, **own}


def module(study: str) -> str:
    """The module of a study, which its job runs besides the stage's program."""
    return modules()[study]

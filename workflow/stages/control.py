"""Control: heavy and light tails put in by hand, which the analysis has to find."""

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, field_validator

from sections import Count, Positive, Section, distinct
from sizes import Resources

if TYPE_CHECKING:
    from experiment import Experiment


class Control(Section):
    """Heavy and light tails put in by hand, which the analysis has to find."""

    seed: Count
    batch_sizes: Annotated[list[Positive], Field(min_length=2)]
    batches: Annotated[int, Field(ge=100, le=5000)]

    _each_once = field_validator("batch_sizes")(distinct)


def settings(experiment: "Experiment") -> dict[str, Any]:
    """What the control reads."""
    return experiment.sections.control.model_dump()


def resources(experiment: "Experiment") -> Resources:
    """Little, whatever the experiment."""
    return Resources(memory=1_000, minutes=10)

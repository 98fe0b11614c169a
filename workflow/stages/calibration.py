"""Calibration: the instrument check on noise of known distribution."""

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from sections import Count, Section
from sizes import Resources

if TYPE_CHECKING:
    from experiment import Experiment


class Calibration(Section):
    """The instrument check on noise of known distribution."""

    seed: Count
    series: Annotated[int, Field(ge=100)]


def settings(experiment: "Experiment") -> dict[str, Any]:
    """What the check reads: the tests' settings of the first run."""
    sections = next(iter(experiment.runs.values())).sections
    return {
        "significance": sections.gaussianity.significance,
        "batches": sections.test_batches,
        **experiment.sections.calibration.model_dump(),
    }


def resources(experiment: "Experiment") -> Resources:
    """Little, whatever the experiment."""
    return Resources(memory=1_000, minutes=10)

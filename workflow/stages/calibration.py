"""Calibration: the instrument check on noise of known distribution."""

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from sections import Count, Section
from sizes import Resources

if TYPE_CHECKING:
    from configuration import Parts
    from experiment import Experiment


class Calibration(Section):
    """The instrument check on noise of known distribution."""

    seed: Count
    series: Annotated[int, Field(ge=100)]


def settings(experiment: "Experiment") -> dict[str, Any]:
    """What the check reads: every level and number of batches that a run tests with, or would test with."""
    runs = experiment.runs.values()
    measuring: list[Parts] = [run.sections for run in runs if run.epochs]
    measuring = measuring or [experiment.sections]
    return {
        "significances": sorted({sections.gaussianity.significance for sections in measuring}),
        "batches": sorted({n for sections in measuring for n in sections.test_batches}),
        **experiment.sections.calibration.model_dump(),
    }


def resources(experiment: "Experiment") -> Resources:
    """Little, whatever the experiment."""
    return Resources(memory=1_000, minutes=10)

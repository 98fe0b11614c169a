"""Figures: how they look, which of them a run has data for, and which files they read."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from gradnoise.figures import catalogue
from gradnoise.store.paths import SHARED_STAGES, Checkpoint, Paths
from run import Job, Run
from sections import Section
from sizes import Resources
from stages import trajectory

if TYPE_CHECKING:
    from experiment import Experiment

RESOURCES = Resources(memory=1_000, minutes=10)  # of one figure


class Figures(Section):
    """How figures look."""

    colours: Annotated[
        list[Annotated[str, Field(pattern="^#[0-9A-Fa-f]{6}$")]], Field(min_length=3)
    ]
    width: Annotated[float, Field(gt=1, lt=30)]


def settings(experiment: "Experiment", job: Job) -> dict[str, Any]:
    """What a figure reads; of the colours, where it has any of them."""
    sections = job.run.sections
    unused = set() if catalogue.entries()[job.figure].coloured else {"colours"}
    return {
        "run": job.run.name,
        "trained_by": job.run.trained_by,
        "network": network(job.run),
        "significance": sections.gaussianity.significance,
        "training_batch_size": sections.training.batch_size,
        "style": experiment.sections.figures.model_dump(exclude=unused),
    }


def network(run: Run) -> str:
    """Name of a network on the data of the paper's experiments, "" of any other."""
    data, model = run.sections.data, run.sections.model
    cifar10 = data.dataset == "cifar10" or "cifar10" in Path(data.path or "").name
    plain = not model.arguments.get("batch_norm")
    return model.name if cifar10 and data.subset is None and plain else ""


def conditions(run: Run) -> set[str]:
    """Which of the catalogue's conditions a run meets."""
    followed = [trajectory.settings(Job(run, variant=v)) for v in run.sections.trajectory.variants]
    met = {
        "noise": bool(run.epochs),
        "epochs": len(run.epochs) > 1,
        "moments": bool(run.epochs) and run.has_moments,
        "stored_gradients": run.has_moments and run.sections.noise.strategy != "per_batch",
        "own_training": run.trained_by == run.name,
        "trajectories": bool(followed),
        "momentum": any(each["momentum"] > 0 for each in followed),
    }
    assert set(met) == set(catalogue.CONDITIONS)
    return {name for name, holds in met.items() if holds}


def figures_of(run: Run) -> list[str]:
    """Figures that a run has data for, in the order of the page."""
    met = conditions(run)
    return [
        name
        for name, entry in catalogue.entries().items()
        if not entry.study and met.issuperset(entry.needs)
    ]


def shared(experiment: "Experiment") -> dict[str, str]:
    """Figures of no run, by name, with the stage whose tables they show."""
    asked = {
        f"{stage}.{study}"
        for stage in SHARED_STAGES
        for study in getattr(experiment.sections, stage).studies
    }
    return {
        name: entry.study.split(".")[0]
        for name, entry in catalogue.entries().items()
        if entry.study in asked
    }


def shared_settings(experiment: "Experiment", stage: str) -> dict[str, Any]:
    """What a figure of no run reads."""
    nobody = {"trained_by": "", "network": "", "significance": 0.05, "training_batch_size": 0}
    return {"run": stage, **nobody, "style": experiment.sections.figures.model_dump()}


def module(figure: str) -> str:
    """The program that draws a figure."""
    return catalogue.entries()[figure].module


def layers(paths: Paths, job: Job) -> list[str]:
    """Per-layer results that a figure reads: those of the last checkpoint of the first seed."""
    run, entry = job.run, catalogue.entries()[job.figure]
    if entry.reads == "langevin":
        at = Checkpoint(run.name, run.seeds[0], run.sections.training.epochs)
        subspaces = [entry.subspace] if entry.subspace else run.subspaces
        variants = run.sections.trajectory.variants
        return [paths.langevin(at, variant, one) for variant in variants for one in subspaces]
    if not entry.reads:
        return []
    at = Checkpoint(run.name, run.seeds[0], max(run.epochs))
    if entry.reads == "rejection":
        return [paths.rejection(at)]
    return [paths.layer(entry.reads, at, parameter.name) for parameter in run.measured]

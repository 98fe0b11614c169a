"""Every job's settings have exactly the keys that its stage reads."""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from importlib import import_module
from typing import Any

import pytest

from example_config import DEFAULT, OVERLAYS, overlay
from experiment import Experiment, merged
from gradnoise.store.paths import LAYER_STAGES, STUDY_STAGES
from gradnoise.store.studies import load
from registries import modules
from run import Job, Run
from stages import figures

CONFIGS = {
    "config": DEFAULT,
    **{name: merged(DEFAULT, overlay(name)) for name in OVERLAYS},
}
WHOLE = ("calibration", "control", "tables", "claims", "report")
LAYER = ("gradients", "noise", "gaussianity", "moments", "clt", "tails", "rejection")
STAGES = (*WHOLE, *LAYER, "data", "training", "trajectory", "langevin", "figures")


def jobs_of(run: Run) -> Iterator[tuple[str, Job]]:
    """One job of every stage at every checkpoint."""
    for seed in run.seeds:
        yield "training", Job(run, seed)
        for epoch in run.epochs:
            for parameter in run.measured:
                job = Job(run, seed, epoch, 1, part=1, parameter=parameter.name)
                yield from ((stage, job) for stage in LAYER)
        for variant in run.sections.trajectory.variants:
            yield "trajectory", Job(run, seed, variant=variant)
            yield "langevin", Job(run, seed, parameter=run.subspaces[0], variant=variant)


def settings_of(experiment: Experiment) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every stage with what its jobs are given."""
    made = {stage: import_module(f"stages.{stage}").settings for stage in STAGES}
    yield from ((stage, made[stage](experiment)) for stage in WHOLE)
    yield from (("data", made["data"](section)) for section in experiment.data.values())
    for run in experiment.runs.values():
        yield from (
            ("figures", made["figures"](experiment, Job(run, figure=name)))
            for name in figures.figures_of(run)
        )
        yield from ((stage, made[stage](job)) for stage, job in jobs_of(run))


@pytest.mark.parametrize("name", CONFIGS)
def test_settings_have_the_keys_that_the_stage_reads(name: str) -> None:
    for stage, settings in settings_of(Experiment(CONFIGS[name])):
        kind = import_module(f"gradnoise.{stage}.settings").Settings
        # Of what is made layer by layer, the names of the files say which.
        beside = {"parameter"} if stage in LAYER_STAGES else set()
        assert set(settings) == {field.name for field in fields(kind)} - beside, stage


@pytest.mark.parametrize("stage", STUDY_STAGES)
def test_settings_of_pieces_have_the_keys_that_their_study_reads(stage: str) -> None:
    names = modules(f"gradnoise.{stage}.studies")
    found = Experiment(merged(DEFAULT, {stage: {"studies": list(names)}})).pieces(stage).values()
    assert {each["study"] for each in found} == set(names)
    for each in found:
        assert set(each) == {field.name for field in fields(load(stage, each).settings)}, each

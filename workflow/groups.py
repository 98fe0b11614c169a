"""Layers that share a job: consecutive ones of little work, beside which the start of a program would count.

A group is a rule of its own, whose outputs are the files of its layers; layers that are alone share a rule with a wildcard.
A stage's only rule has its name, several are numbered: a stage's name never means a part of it.
"""

import re
from collections.abc import Iterable
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from gradnoise.store.paths import LAYER_STAGES
from run import Run

if TYPE_CHECKING:
    from experiment import Experiment

SECONDS = 20.0  # of work in a group: starting Python, importing and loading kernels takes one
MOST = 64  # layers: with two files each in its command, which the kernel limits to 128 kB


class Group(NamedTuple):
    """A rule.

    Attributes:
        name: of the rule.
        layers: parameters whose files a job makes, in the network's order; none where every job has one of its own.
        alone: regular expression of the parameters that have a job of their own.
        runs: regular expression of the runs that are divided so.
    """

    name: str
    layers: tuple[str, ...]
    alone: str
    runs: str

    @property
    def outputs(self) -> tuple[str, ...]:
        """Parameters by which its files are named, or the wildcard that stands for one."""
        return self.layers or ("{parameter}",)


@cache
def partition(run: Run, stage: str) -> list[tuple[str, ...]]:
    """The measured layers of a run in consecutive groups; alone where a layer's work exceeds `SECONDS`."""
    estimate = import_module(f"stages.{stage}").seconds
    return cut([(each.name, estimate(run, each)) for each in run.measured])


def cut(layers: Iterable[tuple[str, float]]) -> list[tuple[str, ...]]:
    """Consecutive layers, each with its seconds, together while their sum stays within `SECONDS`, and `MOST` of them."""
    groups: list[list[str]] = []
    filled = 0.0
    for name, seconds in layers:
        if groups and filled + seconds <= SECONDS and len(groups[-1]) < MOST:
            groups[-1].append(name)
            filled += seconds
        else:
            groups.append([name])
            filled = seconds
    return [tuple(each) for each in groups]


def rules(experiment: "Experiment", stage: str) -> list[Group]:
    """The rules of a stage; runs that are divided alike share them."""
    together: dict[tuple[str, ...], list[str]] = {}
    apart: dict[tuple[str, ...], list[str]] = {}
    for run in experiment.runs.values():
        parts = partition(run, stage) if run.epochs else []
        alone = tuple(name for part in parts if len(part) == 1 for name in part)
        if alone:
            apart.setdefault(alone, []).append(run.name)
        for part in parts:
            if len(part) > 1:
                together.setdefault(part, []).append(run.name)
    found: list[tuple[tuple[str, ...], str, list[str]]] = [
        *(((), "|".join(map(re.escape, names)), runs) for names, runs in apart.items()),
        *((layers, "", runs) for layers, runs in together.items()),
    ]
    return [
        Group(f"{stage}_{number}" if len(found) > 1 else stage, layers, alone, "|".join(runs))
        for number, (layers, alone, runs) in enumerate(found, start=1)
    ]


def stand_for_all(resources: Any, experiment: "Experiment") -> None:
    """Have threads and resources that a user sets for a stage hold for all its rules; Snakemake's `ResourceSettings`."""
    for stage in LAYER_STAGES:
        names = [rule.name for rule in rules(experiment, stage)]
        for option in ("overwrite_threads", "overwrite_resources"):
            given = getattr(resources, option)
            if stage in given:
                setattr(resources, option, {**dict.fromkeys(names, given[stage]), **given})

"""Which layers share a job."""

import re
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest

import groups
from example_config import DEFAULT, OVERLAYS, edited, overlay
from experiment import Experiment, merged
from gradnoise.store.paths import LAYER_STAGES
from groups import MOST, SECONDS, Group, cut
from run import Run

CONFIGS = {"config": DEFAULT, **{name: merged(DEFAULT, overlay(name)) for name in OVERLAYS}}


def test_layers_fill_a_group_up_to_its_seconds_and_not_beyond() -> None:
    layers = [
        ("a", SECONDS - 7),
        ("b", 4.0),
        ("c", 3.0),
        ("d", 0.5),
        ("e", SECONDS - 0.5),
        ("f", 0.25),
    ]
    assert cut(layers) == [("a", "b", "c"), ("d", "e"), ("f",)]
    assert cut([("a", SECONDS - 7), ("b", 4.0), ("c", 3.001)]) == [("a", "b"), ("c",)]


def test_a_layer_of_more_work_than_a_group_is_alone() -> None:
    layers = [("a", 1.0), ("b", SECONDS + 0.1), ("c", 2.0), ("d", 3.0)]
    assert cut(layers) == [("a",), ("b",), ("c", "d")]


def test_a_group_has_no_more_files_than_its_command_can_name() -> None:
    layers = [(f"layer{number}", 0.0) for number in range(2 * MOST + 1)]
    assert [len(each) for each in cut(layers)] == [MOST, MOST, 1]
    assert cut([]) == []


def names(run: Run) -> tuple[str, ...]:
    return tuple(each.name for each in run.measured)


def files(rule: Group, run: Run) -> list[tuple[str, ...]]:
    """Layers whose files a rule makes in each of a run's jobs."""
    if not re.fullmatch(rule.runs, run.name):
        return []
    if rule.layers:
        assert rule.outputs == rule.layers
        return [rule.layers]
    assert rule.outputs == ("{parameter}",)
    return [(name,) for name in names(run) if re.fullmatch(rule.alone, name)]


@pytest.mark.parametrize("stage", LAYER_STAGES)
@pytest.mark.parametrize("name", CONFIGS)
def test_every_layer_of_every_run_is_made_by_one_rule(name: str, stage: str) -> None:
    experiment = Experiment(CONFIGS[name])
    rules = groups.rules(experiment, stage)
    for run in experiment.runs.values():
        made = [each for rule in rules for each in files(rule, run)]
        if run.epochs:
            assert sorted(made) == sorted(groups.partition(run, stage))
            assert tuple(layer for each in groups.partition(run, stage) for layer in each) == names(
                run
            )
        else:
            assert not made
    assert [rule.name for rule in rules] == (
        [stage] if len(rules) == 1 else [f"{stage}_{k + 1}" for k in range(len(rules))]
    )
    again = Experiment(CONFIGS[name])
    assert groups.rules(again, stage) == rules


def test_another_run_or_network_changes_no_groups_of_a_run() -> None:
    alone = Experiment(merged(DEFAULT, overlay("resnet56")))
    config = merged(DEFAULT, overlay("resnet56"))
    config["runs"] = ["other", *config["runs"]]
    config["run_definitions"] = {"other": {"model": {"name": "cnn"}}, **config["run_definitions"]}
    beside = Experiment(config)
    for stage in LAYER_STAGES:
        for name, run in alone.runs.items():
            assert groups.partition(beside.runs[name], stage) == groups.partition(run, stage)


def test_small_layers_of_the_papers_resnet_share_jobs_and_large_ones_do_not() -> None:
    run = Experiment(merged(DEFAULT, overlay("resnet56"))).runs["resnet56"]
    found = {stage: groups.partition(run, stage) for stage in LAYER_STAGES}
    assert len(names(run)) == 56
    assert len(found["gaussianity"]) == 2
    assert 20 <= len(found["tails"]) <= 28
    # Half a minute each: their overhead is little as it is.
    large = {each.name for each in run.measured if run.values(each) > 5000}
    assert large <= {each[0] for each in found["clt"] if len(each) == 1}
    for stage, parts in found.items():
        estimate = import_module(f"stages.{stage}").seconds
        work = {each.name: estimate(run, each) for each in run.measured}
        assert all(len(part) == 1 or sum(map(work.get, part)) <= SECONDS for part in parts)


def test_what_a_stage_does_not_read_changes_none_of_its_groups() -> None:
    config = edited("noise.coordinates", 2000)
    before = Experiment(config).runs["cnn"]
    changed = {
        "clt.exact_coordinates": (5000, "clt"),
        "tails.methods": (["ecf", "ml"], "tails"),
    }
    for key, (value, reached) in changed.items():
        section, name = key.split(".")
        after = Experiment({**config, section: {**config[section], name: value}}).runs["cnn"]
        for stage in LAYER_STAGES:
            same = groups.partition(after, stage) == groups.partition(before, stage)
            assert same == (stage != reached), (key, stage)


def test_what_is_set_for_a_stage_holds_for_all_its_rules() -> None:
    experiment = Experiment(merged(DEFAULT, overlay("resnet56")))
    given: dict[str, Any] = {
        "overwrite_threads": {"tails": 3, "tails_2": 5, "training": 7},
        "overwrite_resources": {"gaussianity": {"mem_mb": 11}},
    }
    settings = SimpleNamespace(**given)
    groups.stand_for_all(settings, experiment)
    rules = {
        stage: [each.name for each in groups.rules(experiment, stage)] for stage in LAYER_STAGES
    }
    assert len(rules["tails"]) > 5
    expected = dict.fromkeys(rules["tails"], 3) | {"tails": 3, "tails_2": 5, "training": 7}
    assert settings.overwrite_threads == expected
    several = {name: {"mem_mb": 11} for name in rules["gaussianity"]}
    assert settings.overwrite_resources == {"gaussianity": {"mem_mb": 11}, **several}

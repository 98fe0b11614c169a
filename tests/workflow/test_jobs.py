"""From wildcards to settings and needs."""

import json
from typing import Any

import pytest

from example_config import DEFAULT, edited
from experiment import Experiment
from gradnoise.errors import InputError
from jobs import Stage, job_of
from registries import SOURCE
from sizes import LEAST, Resources
from stages import model

WILDCARDS = {"run": "cnn", "seed": "2", "epoch": "4", "repeat": "1", "parameter": "conv1.weight"}
DATA = {"data": "fashion_mnist_subset"}


def test_wildcards_say_which_job_it_is() -> None:
    experiment = Experiment(DEFAULT)
    job = job_of(experiment, WILDCARDS)
    assert job.run is experiment.runs["cnn"]
    assert (job.seed, job.epoch, job.repeat, job.parameter) == (2, 4, 1, "conv1.weight")
    assert job.checkpoint == ("cnn", 2, 4)


@pytest.mark.parametrize("stage", ["noise", "gradients"])
def test_a_part_is_told_its_number_and_asks_for_its_share(stage: str) -> None:
    """The job that puts the store together is told what one that made it alone would be, and needs no GPU."""
    config = edited("noise.batches", 500_000)
    config["training"] |= {"epochs": 4, "device": "cuda"}
    config["noise"] |= {"strategy": "per_sample", "coordinates": 20_000}
    config["gaussianity"]["batches"] = [20]
    alone, shared = Experiment(config), Experiment(deep(config, shards=5))
    assert job_of(alone, WILDCARDS).parts == []
    parts = job_of(shared, WILDCARDS).parts
    assert [part.part for part in parts] == [1, 2, 3, 4, 5]
    assert job_of(shared, {**WILDCARDS, "part": "4", "of": "5"}) == parts[3]
    one, together = Stage(stage, alone, SOURCE), Stage(stage, shared, SOURCE)
    fourth = {**WILDCARDS, "part": "4", "of": "5"}
    assert together.settings(WILDCARDS) == one.settings(WILDCARDS)
    assert json.loads(together.settings(fourth)) == {
        **json.loads(one.settings(WILDCARDS)),
        "part": [4, 5],
    }
    assert together.gpu(WILDCARDS) == 0
    assert together.gpu(fourth) == one.gpu(WILDCARDS)
    assert together.memory(fourth, 1) == one.memory(WILDCARDS, 1)
    if stage == "noise":
        work = [each - LEAST for each in (one.minutes(WILDCARDS, 1), together.minutes(fourth, 1))]
        assert work[0] / 5 - 1 <= work[1] <= work[0] / 5
        assert work[1] > 1
    assert together.minutes(WILDCARDS, 1) == LEAST


def test_more_parts_than_can_be_planned_are_refused() -> None:
    Experiment(deep(edited("noise.repeats", 16), shards=1000))
    with pytest.raises(InputError, match=r"1000 noise.shards that is 102000 samplings; accepted"):
        Experiment(deep(edited("noise.repeats", 17), shards=1000))


def deep(config: dict[str, Any], **noise: Any) -> dict[str, Any]:
    return {**config, "noise": {**config["noise"], **noise}}


def test_a_job_is_about_a_checkpoint_a_data_set_or_the_whole_experiment() -> None:
    experiment = Experiment(DEFAULT)
    settings = {
        name: json.loads(Stage(name, experiment, SOURCE).settings(wildcards))
        for name, wildcards in {
            "gaussianity": WILDCARDS,
            "data": DATA,
            "control": {},
        }.items()
    }
    assert settings["gaussianity"] == {"batches": [200, 600]}
    assert settings["data"] == DEFAULT["data"]
    assert settings["control"] == DEFAULT["control"]


def test_the_code_of_a_users_model_is_part_of_a_jobs_code(monkeypatch: pytest.MonkeyPatch) -> None:
    training, data = (Stage(name, Experiment(DEFAULT), SOURCE) for name in ("training", "data"))
    built_in, read = training.source(WILDCARDS), data.source(DATA)
    monkeypatch.setattr(model, "source", lambda name: (f"{name}@1234",))
    # The loss may be the user's own, too.
    assert training.model(WILDCARDS) == ("cnn@1234", "cross_entropy@1234")
    assert training.source(WILDCARDS) != built_in
    assert data.source(DATA) == read


def test_another_attempt_asks_for_more_memory_and_time() -> None:
    training = Stage("training", Experiment(DEFAULT), SOURCE)
    for needed in (training.memory, training.minutes):
        assert [needed(WILDCARDS, attempt) for attempt in (2, 3)] == [
            2 * needed(WILDCARDS, 1),
            3 * needed(WILDCARDS, 1),
        ]


def test_rules_get_each_number_of_a_jobs_needs_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage("noise", Experiment(DEFAULT), SOURCE)
    needs = Resources(memory=11, minutes=22, threads=33, gpu=44)
    monkeypatch.setattr(stage._module, "resources", lambda job: needs)
    assert (stage.threads(WILDCARDS), stage.gpu(WILDCARDS)) == (33, 44)
    for attempt in (1, 3):
        found = stage.memory(WILDCARDS, attempt), stage.minutes(WILDCARDS, attempt)
        assert found == (11 * attempt, 22 * attempt)


def test_every_wildcard_has_its_place_in_a_job() -> None:
    given = WILDCARDS | {"variant": "plain", "figure": "relaxation", "part": "3"}
    given |= {"data": "x"}
    job = job_of(Experiment(DEFAULT), given)
    assert job[1:] == (2, 4, 1, 3, "conv1.weight", "plain", "relaxation", ())
    bare = job_of(Experiment(DEFAULT), {"run": "cnn"})
    assert bare[1:] == (0, 0, 0, 0, "", "", "", ())

"""The jobs of studies of the whole experiment: what each is told, and what it is called."""

import re
from pathlib import Path

import pytest

from example_config import DEFAULT, ROOT
from experiment import Experiment, merged
from jobs import WILDCARDS, Stage

SECTIONS = {
    "balance": {"studies": ["norms", "laws"], "seed": 4, "depths": [2, 0]},
    "geometry": {
        "studies": ["training", "initialisation", "relation", "fluctuations"],
        **{"seed": 3, "depths": [7, 5], "q": [0.25, 2.5], "samples": 9, "loss": 0.75},
    },
}


@pytest.fixture(scope="module")
def experiment() -> Experiment:
    return Experiment(merged(DEFAULT, SECTIONS))


def test_rows_of_every_table_come_by_depth_and_q_and_kind(experiment: Experiment) -> None:
    names = list(experiment.pieces("geometry"))
    assert names[:4] == [
        "training-depth-7-orthogonal-euclidean-q-0.25",
        "training-depth-7-orthogonal-stiefel-q-0.25",
        "training-depth-7-gaussian-euclidean-q-0.25",
        "training-depth-7-orthogonal-euclidean-q-2.5",
    ]
    assert names[12:17] == [
        *("initialisation-depth-7", "initialisation-depth-5"),
        *("relation-depth-7-orthogonal-q-0.25", "relation-depth-7-orthogonal-q-2.5"),
        "relation-depth-7-gaussian-q-0.25",
    ]
    assert names[22:] == ["fluctuations-orthogonal", "fluctuations-gaussian"]
    assert list(experiment.pieces("balance")) == ["norms", "laws"]
    assert experiment.piece_folders()[:3] == [
        *("results/balance/norms", "results/balance/laws"),
        "results/geometry/training-depth-7-orthogonal-euclidean-q-0.25",
    ]


def test_a_job_is_told_what_it_is_of_and_what_its_study_reads(experiment: Experiment) -> None:
    found = experiment.pieces("geometry")["relation-depth-5-gaussian-q-2.5"]
    about = {"depth": 5, "initialisation": "gaussian", "q": 2.5, "networks": 10}
    shared = {"seed": 3, "width": 64, "images": 1000, "batch_size": 50}
    assert found == {"study": "relation", **about, **shared}
    assert experiment.pieces("geometry")["fluctuations-orthogonal"]["q"] == [0.25, 2.5]
    assert experiment.pieces("balance")["norms"] == {"study": "norms", "seed": 4}


def test_another_depth_leaves_the_jobs_of_the_others(experiment: Experiment) -> None:
    before = experiment.pieces("geometry")
    more = merged(SECTIONS, {"geometry": {"depths": [7, 6, 5]}})
    after = Experiment(merged(DEFAULT, more)).pieces("geometry")
    assert {name: after[name] for name in before} == before
    assert {name.split("-")[2] for name in after.keys() - before} == {"6"}


def test_the_code_of_a_job_is_its_stages_and_its_studys(experiment: Experiment) -> None:
    stage = Stage("geometry", experiment, ROOT / "src")
    assert not any(".studies." in item for item in stage.code)
    relation, training = (
        {"piece": name}
        for name in ("relation-depth-5-gaussian-q-2.5", "training-depth-5-gaussian-euclidean-q-2.5")
    )
    studies = {item.split("@")[0] for item in stage.study(training) if ".studies." in item}
    assert studies == {"gradnoise.geometry.studies.training"}
    assert stage.source(relation) != stage.source(training)
    other = {"piece": "training-depth-7-gaussian-euclidean-q-2.5"}
    assert stage.source(other) == stage.source(training)


def test_names_are_those_that_snakemake_and_the_search_for_what_is_stale_know() -> None:
    tiny = merged(SECTIONS, {"geometry": {"q": [1e-07, 10]}})
    for stage in ("balance", "geometry"):
        for name in Experiment(merged(DEFAULT, tiny)).pieces(stage):
            assert re.fullmatch(WILDCARDS["piece"], name)
            assert Path(name).name == name

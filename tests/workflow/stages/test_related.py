"""What the jobs of the related studies are told."""

from dataclasses import fields

import pytest

from example_config import DEFAULT, edited
from experiment import Experiment, merged
from gradnoise.errors import InputError
from gradnoise.related.__main__ import Job
from gradnoise.related.catalogue import modules
from stages import figures, related

OVERLAY = {
    "related": {
        "studies": ["sgld", "sparse_features"],
        "seed": 3,
        "length": 0.5,
        "own": {"sgld": {"repeats": 12}, "implicit_sgd": {"length": 2}},
    }
}


def test_a_study_has_settings_of_its_own_or_those_of_all() -> None:
    experiment = Experiment(merged(DEFAULT, OVERLAY))
    found = related.settings(experiment, "sgld")
    assert found == {"study": "sgld", "seed": 3, "repeats": 12, "length": 0.5}
    assert set(found) == {field.name for field in fields(Job)}
    assert related.settings(experiment, "sparse_features")["repeats"] == 10
    assert related.settings(experiment, "implicit_sgd")["length"] == 2


def test_every_study_is_a_file_and_a_figure() -> None:
    experiment = Experiment(merged(DEFAULT, OVERLAY))
    assert experiment.studies() == ["results/related/sgld.h5", "results/related/sparse_features.h5"]
    drawn = figures.shared(experiment)
    assert {name for name, stage in drawn.items() if stage == "related"} == {
        "sgld",
        "sparse_features",
    }
    assert "results/figures/related-sgld.png" in experiment.figure_files()
    assert not any("related" in path for path in experiment.piece_folders())


def test_without_studies_nothing_is_made() -> None:
    experiment = Experiment(edited("related.studies", []))
    assert experiment.studies() == []
    assert "related" not in figures.shared(experiment).values()


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("studies", ["sgdl"], "sgld"),
        ("studies", ["sgld", "sgld"], "each value once"),
        ("repeats", 1, "related.repeats"),
        ("length", 0, "related.length"),
        ("own", {"sgld": {"steps": 3}}, "steps"),
        ("own", {"sgdl": {"repeats": 3}}, "sgdl"),
    ],
)
def test_bad_input_is_named(key: str, value: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Experiment(edited(f"related.{key}", value))


def test_the_module_of_a_study_is_known_without_importing_it() -> None:
    assert related.module("sgld") == modules()["sgld"] == "gradnoise.related.studies.exact.sgld"

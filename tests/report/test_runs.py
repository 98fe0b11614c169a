"""What the page shows of one run."""

import pandas as pd
import pytest

from gradnoise.errors import InputError
from gradnoise.report.inputs import Inputs
from gradnoise.report.runs import run
from gradnoise.report.settings import Settings

SECTIONS = {
    "model": {"name": "cnn"},
    "data": {"dataset": "mnist"},
    "training": {"epochs": 9},
    "noise": {"sampling": "with_replacement"},
    "gaussianity": {"significance": 0.1},
}


@pytest.fixture
def inputs() -> Inputs:
    layer = {
        **{
            "run": "small",
            "parameter": "conv1.weight",
            "layer": "conv1",
            "operation": "convolution",
        },
        **{"kind": "weight", "size": 90, "coordinates": 90, "batches": 200, "share_dirac": 0.25},
        "n_repeats": 5,
        **{"share_sparse": 0.5, "share_quantised": 0.125, "share_live": 0.125},
    }
    rows = [{**layer, "epoch": epoch, "batch_size": size} for epoch in (0, 9) for size in (8, 64)]
    training = pd.DataFrame(
        {
            **{"run": "big", "seed": [1, 2, 3], "epoch": 9, "train_loss": [0.1, 0.2, 0.9]},
            **{"train_accuracy": [0.8, 0.9, 0.1], "dead_units_conv1": [0.0, 0.5, 1.0]},
        }
    )
    printed = {
        f"small-epoch-{epoch}-n-{count}": pd.DataFrame({"Layer": ["conv1"], "Weights": [23232]})
        for epoch in (0, 9)
        for count in (600, 200)
    }
    tables = {
        "gaussianity": pd.DataFrame(rows),
        "gaussianity_repeats": pd.DataFrame({"run": "small", "seed": [2, 1]}),
        "training": training,
    }
    nothing = pd.DataFrame()
    data = [
        {"file": "mnist.h5", "data_set": "mnist", "train_samples": 700},
        {"file": "mnist-2.h5", "data_set": "mnist", "train_samples": 31},
    ]
    return Inputs(tables, printed, nothing, nothing, nothing, nothing, data, [])


def settings(trainer: str = "big") -> Settings:
    files = {"small": "mnist-2.h5"}
    return Settings({}, [], {"small": SECTIONS}, {"small": trainer}, [], files, "")


def test_limits_speak_of_the_runs_own_file_of_two_of_one_data_set(inputs):
    assert "31 training samples" in " ".join(run("small", settings(), inputs)["limits"])


def test_accuracy_is_that_of_the_measured_seeds_of_the_run_that_trained(inputs):
    found = run("small", settings(), inputs)
    assert found["seeds"] == "1, 2"
    assert found["accuracy"] == [
        {
            **{"epoch": "9", "train_loss": "0.150 ± 0.071", "test_loss": ""},
            **{"train_accuracy": "85.0 ± 7.1", "test_accuracy": ""},
        }
    ]


def test_classes_are_percentages_at_the_smallest_batch_of_the_last_epoch(inputs):
    (classes,) = run("small", settings(), inputs)["classes"]
    assert (classes["dirac"], classes["sparse"], classes["live"]) == ("25.0", "50.0", "12.5")
    assert (classes["batch_size"], classes["dead_units"], classes["layer"]) == (
        "8",
        "25.0",
        "conv1",
    )
    assert classes["computes"] == "convolution"
    inputs.tables["gaussianity"]["kind"] = "bias"
    assert run("small", settings(), inputs)["classes"][0]["computes"] == "convolution, bias"


def test_the_last_epoch_and_the_fewest_batches_come_first(inputs):
    tables = run("small", settings(), inputs)["tables"]
    assert [table["title"] for table in tables] == [
        *("Epoch 9, 200 batches", "Epoch 9, 600 batches"),
        *("Epoch 0, 200 batches", "Epoch 0, 600 batches"),
    ]
    assert tables[0]["rows"] == [["conv1", "23,232"]]


def test_the_ceiling_is_the_runs_own(inputs):
    assert run("small", settings(), inputs)["ceiling"] == "90"


def test_training_that_is_missing_is_named(inputs):
    with pytest.raises(InputError, match="no training of run 'other'"):
        run("small", settings("other"), inputs)

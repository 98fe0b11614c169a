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


def test_numbers_of_several_epochs_seeds_and_batches_are_not_mixed(inputs):
    tables = inputs.tables
    rows = tables["gaussianity"]
    many = rows.assign(
        batches=600, **{f"share_{name}": 0.99 for name in ("dirac", "sparse", "quantised", "live")}
    )
    network = rows.assign(kind="network", layer="network", share_dirac=0.77)
    later = rows.assign(share_quantised=rows["share_quantised"] + rows["epoch"] / 1000)
    tables["gaussianity"] = pd.concat(
        [many, network, later.assign(kind="weight", share_live=0.2)], ignore_index=True
    )
    columns = ("run", "seed", "epoch", "train_loss", "test_loss", "train_accuracy", "test_accuracy", "dead_units_conv1")  # fmt: skip
    history = [
        ("big", 1, 0, 2.0, 2.5, 0.1, 0.11, 0.5),
        ("big", 2, 0, 3.0, 2.7, 0.3, 0.13, 0.5),
        ("big", 1, 5, 9.0, 9.0, 0.9, 0.9, 0.9),
        ("big", 1, 9, 0.5, 1.25, 0.8, 0.62, 0.04),
        ("big", 2, 9, 0.7, float("nan"), 0.9, float("nan"), 0.08),
        ("big", 3, 9, 7.0, 7.0, 0.2, 0.2, 0.7),
        ("small", 1, 9, 6.0, 6.0, 0.25, 0.3, 0.9),
    ]
    tables["training"] = pd.DataFrame(history, columns=columns)
    found = run("small", settings(), inputs)
    assert found["accuracy"] == [
        {"epoch": "0", "train_loss": "2.500 ± 0.707", "test_loss": "2.600 ± 0.141",
         "train_accuracy": "20.0 ± 14.1", "test_accuracy": "12.0 ± 1.4"},
        {"epoch": "9", "train_loss": "0.600 ± 0.141", "test_loss": "1.250",
         "train_accuracy": "85.0 ± 7.1", "test_accuracy": "62.0"},
    ]  # fmt: skip
    assert found["classes"] == [
        {"layer": "conv1", "computes": "convolution", "dirac": "25.0", "sparse": "50.0",
         "quantised": "13.4", "live": "20.0", "dead_units": "6.0", "batch_size": "8"}
    ]  # fmt: skip
    assert (found["epoch"], found["trained_by"], found["last"]) == (9, "big", "small-epoch-9-")
    assert list(found["history"].index) == [0, 1, 2, 3, 4]

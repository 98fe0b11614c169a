"""The noise card."""

import json

import pandas as pd
import pytest

from example_results import CNN
from gradnoise.report.card import number


def test_card_holds_the_numbers_of_every_layer(folder):
    card = json.loads((folder / "noise_card.json").read_text())
    assert (card["schema"], card["schema_version"]) == ("gradnoise.noise_card", 2)
    assert card["data"][0]["checksum"] == "c0ffee"
    run = card["runs"]["cnn"]
    assert [layer["layer"] for layer in run["layers"]] == [*(name for name, *_ in CNN), "network"]
    assert (run["epoch"], run["seeds"], run["unit"]) == (2, [0, 1, 2], "seed")
    first = run["layers"][0]
    assert (first["weights"], first["coordinates"]) == (144, 144)
    measured = first["measured"][0]
    assert (measured["batch_size"], measured["batches"]) == (16, 200)
    bounds = measured["percentage_gaussian"]
    assert bounds["lower"] < bounds["value"] < bounds["upper"]
    history = pd.read_csv(folder / "tables/training.csv")
    last = history[history["epoch"] == 2]["test_accuracy"].mean()
    assert run["accuracy"]["test"] == pytest.approx(last, abs=1e-6)
    assert card["runs"]["cnn_shuffled"]["accuracy"]["test"] is not None


def test_every_run_has_its_own_significance(folder):
    card = json.loads((folder / "noise_card.json").read_text())
    levels = {name: run["significance"] for name, run in card["runs"].items()}
    assert levels == {"cnn": 0.05, "cnn_shuffled": 0.01}
    assert "significance" not in card


def test_what_does_not_exist_is_null():
    assert number(float("nan")) is None
    assert number(12.34567891) == 12.345679

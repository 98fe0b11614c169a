"""The noise card."""

import json

import numpy as np
import pandas as pd
import pytest

from example_results import CNN
from gradnoise.report.cards.card import verdicts
from gradnoise.report.cards.layers import layer, number
from gradnoise.report.cards.schema import CARD

EPOCH = 2


@pytest.fixture(scope="module")
def card(folder):
    return json.loads((folder / "noise_card.json").read_text())


def test_card_holds_the_numbers_of_every_layer(card, folder):
    assert (card["schema"], card["schema_version"]) == ("gradnoise.noise_card", 3)
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


def test_card_says_how_it_was_trained_and_on_what(card):
    run = card["runs"]["cnn"]
    assert run["training"] == {"epochs": 2, "learning_rate": 0.05}
    assert run["noise"] == {"sampling": "with_replacement"}
    assert run["data"] == {
        "data_set": "fashion_mnist_subset",
        "checksum": "c0ffee",
        "train_samples": 500,
        "test_samples": 100,
        "inputs": "images from 0 to 1",
    }
    assert card["runs"]["cnn_shuffled"]["noise"] == {"sampling": "epoch_shuffle"}


def test_every_run_has_its_own_significance(card):
    levels = {name: run["significance"] for name, run in card["runs"].items()}
    assert levels == {"cnn": 0.05, "cnn_shuffled": 0.01}
    assert "significance" not in card


def test_verdicts_of_a_run_are_those_of_the_table(card, folder):
    claims = pd.read_csv(folder / "claims.csv", keep_default_na=False)
    mine = claims[claims["run"].isin(["cnn", "cnn, plain"])]
    found = card["runs"]["cnn"]["verdicts"]
    assert [(each["claim"], each["verdict"]) for each in found] == list(
        zip(mine["claim"], mine["verdict"], strict=True)
    )


def places(value, place=""):
    """Places of a JSON value's leaves, written as in the schema."""
    if isinstance(value, dict) and place not in SECTIONS:
        for name, each in value.items():
            inner = "{run}" if place == "runs" else name
            yield from places(each, f"{place}.{inner}" if place else inner)
    elif isinstance(value, list):
        for each in value:
            yield from places(each, f"{place}[]")
    else:
        yield place


SECTIONS = {f"runs.{{run}}.{name}" for name in ("model", "training", "noise")}


def test_the_schema_names_exactly_what_cards_hold(card):
    declared = {variable.name for variable in CARD}
    assert set(places(card)) == declared
    assert len(declared) == len(CARD)


def test_what_does_not_exist_is_null():
    assert [number(value) for value in (np.nan, np.inf, -np.inf, None)] == [None] * 4
    assert number(12.34567891) == 12.345679


ROW = {"run": "a", "epoch": EPOCH, "parameter": "conv.weight", "layer": "conv", "operation": "convolution"}  # fmt: skip
OTHERS = ({"run": "b"}, {"epoch": 1}, {"parameter": "linear.weight"})


def table(*cells, **others):
    """Rows of the layer, and rows of others with numbers that must not be seen."""
    rows = [{**ROW, **cell} for cell in cells]
    wrong = [
        {**rows[0], **{name: 999 for name in cells[0] if name not in ("method",)}, **other}
        for other in OTHERS
    ]
    return pd.DataFrame([*rows, *wrong])


def one_layer(**tables):
    numbers = {"kind": "weight", "size": 90, "coordinates": 40, "share_dirac": 0.25}
    percentage = {f"percentage_gaussian{end}": v for end, v in (("", 80.0), ("_lower", 75.5), ("_upper", 84.5))}  # fmt: skip
    cell = {"batch_size": 64, "batches": 200}
    rows = pd.DataFrame([{**ROW, **numbers, **percentage, **cell}])
    empty = pd.DataFrame()
    history = pd.DataFrame({"dead_units_conv": [0.1, 0.4]})
    given = {"layers": empty, "tails": empty, "prediction": empty} | tables
    return layer(rows, history, given)


def test_predictions_are_means_over_seeds_and_repeats():
    cells = [
        {"batch_size": 64, "batches": 200, "seed": seed, "repeat": repeat, "predicted_percentage": 70 + 10 * seed,
         "measured_percentage": 60 + 10 * seed + repeat, "predicted_error": 3.0 if seed == 1 else 4.0, "coverage": 0.4 + 0.2 * seed}
        for seed in (1, 2) for repeat in (1, 2)
    ]  # fmt: skip
    other_size = {**cells[0], "batch_size": 128, "predicted_percentage": 1.0}
    other_count = {**cells[0], "batches": 600, "predicted_percentage": 2.0}
    found = one_layer(prediction=table(*cells, other_size, other_count))
    # Errors of two seeds, 3 and 4: the mean's is sqrt(9 + 16) / 2.
    assert found["measured"][0]["predicted"] == {
        "value": 85.0,
        "error": 2.5,
        "measured": 76.5,
        "coverage": 0.7,
    }


def test_batch_sizes_and_noise_scales_stand_for_every_seed():
    cells = [
        {"seed": 1, "noise_scale": 50.5, "noise_scale_error": 2.5, "gaussian_batch_size": 300.0,
         "gaussian_batch_size_lower": 200.0, "gaussian_batch_size_upper": np.inf},
        {"seed": 2, "noise_scale": np.nan, "noise_scale_error": np.nan, "gaussian_batch_size": np.inf,
         "gaussian_batch_size_lower": 70.0, "gaussian_batch_size_upper": np.inf},
        {"seed": 3, "noise_scale": 7.0, "noise_scale_error": 1.0, "gaussian_batch_size": np.nan,
         "gaussian_batch_size_lower": np.nan, "gaussian_batch_size_upper": np.nan},
    ]  # fmt: skip
    found = one_layer(layers=table(*cells))
    assert found["gaussian_batch_size"] == [
        {"seed": 1, "value": 300.0, "lower": 200.0, "upper": None, "beyond": False},
        {"seed": 2, "value": None, "lower": 70.0, "upper": None, "beyond": True},
        {"seed": 3, "value": None, "lower": None, "upper": None, "beyond": False},
    ]
    assert [(each["value"], each["error"]) for each in found["noise_scale"]] == [
        (50.5, 2.5),
        (None, None),
        (7.0, 1.0),
    ]


def test_tail_indices_stand_beside_their_null_for_every_estimator_and_batch_size():
    cells = [
        {"method": method, "batch_size": size, "batches": 600, "seed": seed, "repeat": 1,
         "alpha_mean": 1 + 0.1 * seed + 0.001 * size + (method == "ml"), "null_mean": 1.9 + 0.02 * seed}
        for method in ("ecf", "ml") for size in (16, 64) for seed in (1, 2)
    ]  # fmt: skip
    found = one_layer(tails=table(*cells))["tail_index"]
    assert found == [
        {"method": "ecf", "batch_size": 16, "batches": 600, "value": 1.166, "null": 1.93},
        {"method": "ecf", "batch_size": 64, "batches": 600, "value": 1.214, "null": 1.93},
        {"method": "ml", "batch_size": 16, "batches": 600, "value": 2.166, "null": 1.93},
        {"method": "ml", "batch_size": 64, "batches": 600, "value": 2.214, "null": 1.93},
    ]


def test_a_layer_without_moments_or_tails_has_its_pass_rates_alone():
    found = one_layer()
    assert found["dead_units"] == 0.25
    assert found["measured"] == [
        {
            "batch_size": 64,
            "batches": 200,
            "percentage_gaussian": {"value": 80.0, "lower": 75.5, "upper": 84.5},
            "share_dirac": 0.25,
            "predicted": {"value": None, "error": None, "measured": None, "coverage": None},
        }
    ]
    assert (found["gaussian_batch_size"], found["noise_scale"], found["tail_index"]) == ([], [], [])


@pytest.mark.parametrize(
    ("subject", "mine"),
    [("a", True), ("a, plain", True), ("b, a", True), ("ab", False), ("b", False), ("a_b", False)],
)
def test_a_verdict_belongs_to_the_runs_that_it_names(subject, mine):
    text = ("claim", "statement", "scope", "verdict", "quantity", "unit", "threshold", "reason")
    numbers = {"measured": 1.5, "lower": -np.inf, "upper": np.nan}
    claims = pd.DataFrame([{**dict.fromkeys(text, "x"), **numbers, "run": subject}])
    found = verdicts(claims, "a")
    assert bool(found) == mine
    if mine:
        assert found[0]["subject"] == subject
        assert [found[0][name] for name in numbers] == [1.5, None, None]

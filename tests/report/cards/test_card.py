"""The noise card."""

import json

import numpy as np
import pandas as pd
import pytest

from example_results import CNN
from gradnoise.report.cards.card import noise_card, verdicts
from gradnoise.report.cards.layers import layer, number
from gradnoise.report.cards.schema import CARD
from gradnoise.report.inputs import Inputs
from gradnoise.report.settings import Settings

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


def cells(run, **changed):
    """Rows of the table of percentages: two epochs, two layers and the network, two batch sizes, all different."""
    rows = []
    for epoch in (1, 7):
        for place, (kind, name) in enumerate(
            (("weight", "conv"), ("weight", "linear"), ("network", "network"))
        ):
            for size in (64, 16):
                base = 10 * place + size / 100 + epoch / 10
                rows.append(
                    {
                        **{"run": run, "epoch": epoch, "parameter": f"{name}.p", "layer": name},
                        **{"operation": f"{name}_operation", "kind": kind, "size": 900 + place},
                        **{"coordinates": 30 + place, "batch_size": size, "batches": 200 + place},
                        **{"percentage_gaussian": base, "percentage_gaussian_lower": base - 1},
                        **{"percentage_gaussian_upper": base + 2, "share_dirac": base / 100},
                        **{
                            "share_live": base / 200,
                            "n_repeats": 4,
                            "n_seeds": 2,
                            "unit": "repeat",
                        },
                    }
                )
    return pd.DataFrame(rows).assign(**changed)


@pytest.fixture
def made():
    """Settings and tables of a run and of one that measures one of its two networks."""
    training = pd.DataFrame(
        [
            {"run": run, "seed": seed, "epoch": epoch, "train_accuracy": base + epoch / 100,
             "test_accuracy": base / 2 + epoch / 1000, "dead_units_conv": base / 4 + epoch / 10_000}
            for run, shift in (("big", 0.0), ("other", 0.4))
            for seed in (2, 3, 5) for epoch in (1, 7) for base in [0.1 * seed + shift]
        ]
    )  # fmt: skip
    tables = {
        "gaussianity": pd.concat([cells("small"), cells("big", n_repeats=6, unit="seed")]),
        "gaussianity_repeats": pd.DataFrame({"run": ["small", "big", "big"], "seed": [3, 5, 2]}),
        "training": training,
        **{name: pd.DataFrame() for name in ("layers", "tails", "prediction")},
    }
    sections = {
        "model": {"name": "cnn", "arguments": {"x": 1}},
        "training": {"epochs": 9, "seeds": [1]},
        "noise": {
            **{"sampling": "a", "batch_norm_mode": "b", "augment": "c", "coordinates": "d"},
            **{"directions": "e", "strategy": "f", "repeats": 9, "memory": 1.0},
        },
        "gaussianity": {"significance": 0.02},
    }
    about = {"data_set": "mnist", "checksum": "c1", "train_samples": 31, "test_samples": 7}
    data = [
        {"file": "a.h5", **about, "inputs": "i1"},
        {"file": "b.h5", **{name: f"{value} b" for name, value in about.items()}, "inputs": "i2"},
    ]
    files = {"small": "b.h5", "big": "a.h5"}
    runs = {"small": sections, "big": {**sections, "gaussianity": {"significance": 0.2}}}
    nothing = pd.DataFrame()
    settings = Settings({}, [], runs, {"small": "big", "big": "big"}, [], files, "")
    return settings, Inputs(tables, {}, nothing, nothing, nothing, nothing, data, [])


def test_a_run_on_the_card_by_hand(made):
    found = noise_card(*made)["runs"]
    assert list(found) == ["small", "big"]
    small, big = found["small"], found["big"]
    assert (small["epoch"], small["seeds"], small["repeats"], small["unit"]) == (
        7,
        [3],
        4,
        "repeat",
    )
    assert (big["epoch"], big["seeds"], big["repeats"], big["unit"]) == (7, [2, 5], 6, "seed")
    # Of the measured seeds, at the measured epoch, by the run that trained.
    assert small["accuracy"] == {"train": 0.37, "test": 0.157}
    assert big["accuracy"] == {"train": 0.42, "test": 0.182}
    assert small["data"] == {
        **{"data_set": "mnist b", "checksum": "c1 b", "train_samples": "31 b"},
        **{"test_samples": "7 b", "inputs": "i2"},
    }
    assert small["noise"] == {
        **{"sampling": "a", "batch_norm_mode": "b", "augment": "c", "coordinates": "d"},
        **{"directions": "e", "strategy": "f"},
    }
    assert small["training"] == {"epochs": 9}
    assert (small["significance"], big["significance"]) == (0.02, 0.2)
    assert small["model"] == {"name": "cnn", "arguments": {"x": 1}}


def test_a_layer_on_the_card_by_hand(made):
    conv, linear, network = noise_card(*made)["runs"]["small"]["layers"]
    assert [
        conv[name] for name in ("parameter", "layer", "operation", "weights", "coordinates")
    ] == [*("conv.p", "conv", "conv_operation", 900, 30)]
    assert (linear["weights"], linear["coordinates"], linear["dead_units"]) == (901, 31, None)
    assert conv["dead_units"] == pytest.approx(0.3 / 4 + 0.0007)
    assert [one["whole_network"] for one in (conv, linear, network)] == [False, False, True]
    # Epoch 7 at batch sizes 64 and 16, in the table's order.
    assert [(cell["batch_size"], cell["batches"]) for cell in linear["measured"]] == [
        (64, 201),
        (16, 201),
    ]
    assert [cell["percentage_gaussian"] for cell in linear["measured"]] == [
        {"value": value, "lower": value - 1, "upper": value + 2} for value in (11.34, 10.86)
    ]
    assert [cell["share_live"] for cell in linear["measured"]] == [0.0567, 0.0543]
    assert [cell["share_dirac"] for cell in linear["measured"]] == [0.1134, 0.1086]


def test_every_column_of_a_verdict_stands_under_its_name():
    columns = ("claim", "statement", "run", "scope", "verdict", "quantity", "unit", "threshold", "reason")  # fmt: skip
    row = {name: f"its {name}" for name in columns} | {"measured": 1.0, "lower": 0.5, "upper": 2.0}
    (found,) = verdicts(pd.DataFrame([row]), "run")
    assert found == {("subject" if name == "run" else name): value for name, value in row.items()}

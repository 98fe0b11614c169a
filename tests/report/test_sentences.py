"""What the page says in words."""

import pandas as pd
import pytest

from gradnoise.report import sentences


def rows(**changes):
    row = {
        **{"epoch": 3, "kind": "network", "batches": 200, "batch_size": 8, "unit": "seed"},
        **{"n_seeds": 4, "n_repeats": 5, "percentage_testable": 61.23, "share_dirac": 0.1},
        **{"percentage_testable_lower": 55.0, "percentage_testable_upper": 104.0},
    }
    return [{**row, **changes}, {**row, "batch_size": 64, "percentage_testable": 90.0, **changes}]


SECTIONS = {"model": {"name": "resnet20"}, "data": {"dataset": "cifar10"}}


def test_the_headline_holds_both_ends_and_the_ceiling():
    training = pd.DataFrame({"epoch": [2, 3], "test_accuracy": [0.1, 0.912]})
    text = sentences.headline(pd.DataFrame(rows()), training, SECTIONS, 99.0)
    assert "After 3 epochs on CIFAR-10 (test accuracy 91.2 %)" in text
    assert "61.2 % (55.0 to 100.0) of its weights at batch size 8 and 90.0 %" in text
    assert "over 4 training seeds" in text
    assert text.endswith("exactly Gaussian noise would give 99 %.")


def test_one_network_is_said_to_be_repeated():
    training = pd.DataFrame({"epoch": [1]})
    table = pd.DataFrame(rows(epoch=1, unit="repeat")[:1])
    text = sentences.headline(table, training, SECTIONS, 95.0)
    assert text.startswith("After 1 epoch on CIFAR-10, the gradient noise")
    assert "over 5 repeats of the draws" in text
    assert "leaving out the 10 % whose" in text


def test_without_per_sample_gradients_nothing_is_said_of_predictions():
    cell = {"run": "cnn", "epoch": 2, "parameter": "w", "batch_size": 8, "batches": 200}
    table = pd.DataFrame(
        [
            {
                **cell,
                "seed": s,
                "coordinates": 9,
                "predicted_percentage": p,
                "measured_percentage": 50.0,
            }
            for s, p in ((0, 46.0), (1, 48.0), (2, 47.0))
        ]
    )
    text = sentences.prediction(table, "cnn")
    assert text.startswith("Skewness and kurtosis")
    assert "to 3.0 points (mean over 1 cells" in text
    assert sentences.prediction(table, "other") == ""
    assert sentences.prediction(table[["run", "seed", "epoch", "parameter"]].iloc[:0], "cnn") == ""


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"dataset": "mnist"}, "MNIST"),
        ({"dataset": "image_folder", "path": "data/birds/"}, "birds"),
        ({"dataset": "a_new_set"}, "a new set"),
    ],
)
def test_a_data_set_is_called_as_readers_know_it(data, expected):
    assert sentences.title({"data": data}) == expected


@pytest.mark.parametrize(
    ("unit", "seeds", "repeats", "expected"),
    [
        ("repeat", 1, 2, "95 % intervals over 2 repeats of the draws)"),
        ("repeat", 2, 1, "mini-batches, one repeat: no interval)"),
        ("seed", 3, 1, "95 % intervals over 3 training seeds)"),
    ],
)
def test_the_headline_speaks_of_intervals_only_where_there_are_some(unit, seeds, repeats, expected):
    table = pd.DataFrame(rows(unit=unit, n_seeds=seeds, n_repeats=repeats))
    text = sentences.headline(table, pd.DataFrame({"epoch": [3]}), SECTIONS, 95.0)
    assert expected in text


def limits(model, seeds=1, repeats=5, **sections):
    table = pd.DataFrame(
        [
            {
                **row,
                "n_repeats": repeats,
                "kind": "weight",
                "parameter": "w",
                "layer": "conv1",
                "coordinates": 5,
                "size": 90,
            }
            for row in rows()
        ]
    )
    sections = {**SECTIONS, "model": model, "training": {"epochs": 9}, **sections}
    return " ".join(sentences.limits(table, seeds, {"train_samples": 50000}, sections))


def test_limits_follow_from_what_the_run_covers():
    text = limits({"name": "cnn"}, noise={"sampling": "epoch_shuffle"})
    assert "One training seed: the intervals speak of these weights, not of cnn" in text
    assert "One data set, CIFAR-10 (50,000 training samples)." in text
    assert "cnn is none of the paper's networks" in text
    assert "Weights are frozen at epoch 3 of 9" in text
    assert "1 of 1 layers are judged from a random sample of their weights (least: 5 of 90" in text
    assert "up to 10.0 % of a layer (conv1" in text
    assert "Batches of one epoch share no sample" in text
    assert "BatchNorm" not in text


def test_one_repeat_is_a_limit():
    text = limits({"name": "cnn"}, seeds=2, repeats=1)
    assert (
        "2 training seeds and one repeat of the draws: no claim about percentages is decided"
        in text
    )
    assert "intervals speak" not in text
    text = limits({"name": "cnn"}, seeds=3, repeats=1)
    assert "3 training seeds: the intervals speak of cnn" in text
    assert "One repeat of the draws: no claim about percentages is decided by fewer than 3." in text


def test_batch_norm_and_the_papers_networks_are_known_by_the_registry():
    text = limits({"name": "resnet20"}, seeds=4)
    assert "repeat" not in text
    assert "4 training seeds: the intervals speak of resnet20" in text
    assert "none of the paper's networks" not in text
    assert "BatchNorm uses frozen statistics here" in text
    assert "independent draws with replacement" in text
    assert "BatchNorm" not in limits({"name": "resnet20", "arguments": {"batch_norm": False}})
    assert "BatchNorm" in limits({"name": "own:build", "arguments": {"batch_norm": True}})


def test_what_is_sampled_and_not_shown_is_counted_with_the_reason():
    def sampled(*kinds):
        table = pd.DataFrame({"parameter": [f"p{i}" for i in range(len(kinds))] * 2})
        table["kind"], table["layer"] = [*kinds, *kinds], "l"
        return " ".join(sentences._not_shown(table))

    assert sampled("weight", "network") == ""
    text = sampled("weight", "bias", "norm", "norm", "network")
    assert text.startswith("1 bias and 2 parameters of normalisations were sampled and left out")
    assert "which compare weights alone" in text
    assert sampled("weight", "bias", "bias").startswith("2 biases were sampled")
    # Without any weight, one of a layer's parameters is shown.
    assert sampled("norm", "norm").startswith("1 parameter of a normalisation was sampled")

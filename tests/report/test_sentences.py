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


def test_the_headline_by_hand():
    """Of two epochs, two numbers of batches, three sizes out of order, and layers: the right five numbers."""
    table = pd.DataFrame(
        [
            {
                **{"epoch": epoch, "kind": kind, "batches": batches, "batch_size": size},
                **{"unit": "repeat", "n_seeds": 2, "n_repeats": 7},
                **{"percentage_testable": value, "percentage_testable_lower": value - 1.5},
                **{"percentage_testable_upper": value + 2.5, "share_dirac": value / 200},
                **{"percentage_gaussian": 1.0, "percentage_gaussian_lower": 0.5, "percentage_gaussian_upper": 2.0},
            }
            for epoch in (3, 2)
            for kind in ("weight", "network")
            for batches in (600, 200)
            for size in (32, 128, 8)
            for value in [size / 2 + 10 * (kind == "weight") + epoch + batches / 1000]
        ]
    )  # fmt: skip
    training = pd.DataFrame({"epoch": [2, 3, 3], "test_accuracy": [0.5, 0.612, 0.7]})
    assert sentences.headline(table, training, SECTIONS, 97.5) == (
        "After 3 epochs on CIFAR-10 (test accuracy 65.6 %), the gradient noise of resnet20 is Gaussian for 7.2 % "
        "(5.7 to 9.7) of its weights at batch size 8 and 67.2 % (65.7 to 69.7) at 128, leaving out the 4 % and 34 % "
        "whose noise is constant (Shapiro-Wilk test on 200 mini-batches, 95 % intervals over 7 repeats of the draws); "
        "exactly Gaussian noise would give 97.5 %."
    )


def predictions(*gaps, run="cnn", epoch=2, parameter="w", size=8, batches=200, count=9, seeds=None):
    """Rows of one cell, whose measured percentages are off by the gaps: of as many seeds, or of one."""
    return [
        {
            **{"run": run, "epoch": epoch, "parameter": parameter, "batch_size": size},
            **{"batches": batches, "seed": seeds[place] if seeds else 1, "coordinates": count},
            **{"predicted_percentage": 40.0 + place, "measured_percentage": 40.0 + place + gap},
        }
        for place, gap in enumerate(gaps)
    ]


def test_predictions_of_several_networks_by_hand():
    rows = [
        # Means of networks: 2 and 4, 3.0; 5 and 9, 7.0 with twice the standard error 4; -6 and -8, -7.0 with 2.
        *predictions(1.0, 3.0, 4.0, seeds=[1, 1, 2]),
        *predictions(5.0, 9.0, size=16, seeds=[1, 2]),
        *predictions(-6.0, -8.0, size=16, batches=600, seeds=[1, 2]),
        *predictions(-3.1, -3.1, parameter="v", seeds=[1, 2]),
        *predictions(3.5, 8.5, parameter="v", size=32, seeds=[1, 2]),  # 6.0, twice the error is 5
        *predictions(1.0, 9.0, parameter="v", size=64, seeds=[1, 2]),  # 5.0 within 8
        *predictions(99.0, 99.0, epoch=1, seeds=[1, 2]),
        *predictions(99.0, 99.0, run="other", seeds=[1, 2]),
        *predictions(99.0, 99.0, parameter="u", count=0, seeds=[1, 2]),
    ]
    text = sentences.prediction(pd.DataFrame(rows), "cnn")
    mean = (3 + 7 + 7 + 3.1 + 6 + 5) / 6
    assert (
        f"to {mean:.1f} points (mean over 6 cells of layer, batch size and number of batches; 33 %"
        in text
    )
    assert text.endswith("of them within 3 points or two standard errors).")


def test_predictions_of_one_network_are_over_its_repeats():
    rows = [*predictions(2.0, 6.0, 10.0), *predictions(5.0, 6.0, 10.0, size=16)]
    # 6.0, twice the standard error of three repeats is 4.62; 7.0, and 3.06: neither is within.
    assert "to 6.5 points (mean over 2 cells of layer, batch size and number of batches; 0 %" in (
        sentences.prediction(pd.DataFrame(rows), "cnn")
    )
    near = [*predictions(2.9, 2.9, 3.1), *predictions(1.0, 4.0, 8.0, size=16)]
    # 2.97; and 4.33, of which twice the error is 4.06.
    assert "50 %" in sentences.prediction(pd.DataFrame(near), "cnn")


def table_of_limits():
    return pd.DataFrame(
        [
            {
                **{"run": "r", "epoch": epoch, "kind": kind, "parameter": name, "layer": name},
                **{"batches": batches, "batch_size": size, "coordinates": coordinates},
                **{"size": weights, "n_repeats": 6, "share_dirac": share},
            }
            for epoch in (3, 8)
            for batches in (600, 200)
            for size in (8, 64)
            for kind, name, coordinates, weights, share in (
                ("weight", "whole", 50, 50, 0.02),
                ("weight", "half", 500, 1000, 0.1 + size / 1000 + (epoch == 3) / 2),
                ("weight", "tenth", 400, 4000, 0.05),
                ("bias", "half", 3, 3, 0.9),
            )
        ]
    )


def test_limits_by_hand():
    sections = {**SECTIONS, "model": {"name": "cnn"}, "training": {"epochs": 12}, "noise": {}}
    found = list(sentences.limits(table_of_limits(), 4, {"train_samples": 1234}, sections))
    assert found == [
        "4 training seeds: the intervals speak of cnn trained in this way on these data; with so few seeds they are wide.",
        "One data set, CIFAR-10 (1,234 training samples).",
        "cnn is none of the paper's networks; claims on AlexNet or ResNet need theirs.",
        "Weights are frozen at epochs 3, 8 of 12: nothing is said of the noise at other epochs.",
        "2 of 3 layers are judged from a random sample of their weights (least: 400 of 4,000 in tenth).",
        "Constant coordinates count as Gaussian in the paper's convention, used in figures and tables: up to 16.4 % of a "
        "layer (half, batch size 64). Each claim says whether it holds with them left out.",
        "Percentages at 200 and 600 batches differ by the power of the test alone where the noise is the same: with more "
        "batches it sees smaller departures from the Gaussian.",
        "Batches are independent draws with replacement; training shuffles whole epochs.",
    ]


def test_what_does_not_limit_is_not_said():
    table = table_of_limits()
    table = table[(table["batches"] == 200) & (table["layer"] == "whole")].assign(share_dirac=0.0)
    sections = {"model": {"name": "alexnet"}, "data": {"dataset": "mnist"}, "training": {}}
    found = " ".join(sentences.limits(table, 3, {}, sections))
    assert "One data set, MNIST; the paper's numbers are for CIFAR-10." in found
    assert "of 8: nothing is said" in found
    for silent in (
        "none of the paper's",
        "random sample",
        "Constant",
        "Percentages at",
        "BatchNorm",
    ):
        assert silent not in found


@pytest.mark.parametrize(("mode", "said"), [("eval", "frozen statistics"), ("train", "the batch's statistics")])  # fmt: skip
def test_batch_norms_mode_is_said(mode, said):
    assert said in limits({"name": "resnet20"}, noise={"batch_norm_mode": mode})


@pytest.mark.parametrize(("seeds", "speaks"), [(2, False), (3, True)])
def test_three_seeds_speak_of_the_architecture(seeds, speaks):
    assert ("trained in this way on these data" in limits({"name": "cnn"}, seeds)) == speaks


def test_an_interval_is_left_out_where_there_is_none():
    row = pd.Series({"x": 41.26, "x_lower": -3.0, "x_upper": 120.0})
    assert sentences.percent(row, "x") == "41.3 % (0.0 to 100.0)"
    assert sentences.percent(row.mask(row < 0), "x") == "41.3 %"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"dataset": "arrays", "path": "/a/b/mine.npz"}, "mine.npz"),
        ({"dataset": "mnist", "path": "/a/folder"}, "MNIST"),
        (None, "the data"),
    ],
)
def test_a_file_of_ones_own_is_called_by_its_name(data, expected):
    assert sentences.title({"data": data}) == expected

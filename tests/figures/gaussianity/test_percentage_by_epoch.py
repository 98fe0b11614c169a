"""Percentages over training."""

import pandas as pd
import pytest

from example_figures import SETTINGS
from gradnoise.figures.gaussianity import percentage_by_epoch


def test_residual_networks_show_first_and_sixth_convolution_over_epochs(deep):
    columns = percentage_by_epoch.shown(deep)
    assert list(columns) == ["block 1", "block 2", "block 3"]
    layers = columns["block 2"]["layer"].unique()
    assert list(layers) == ["block2.layer1", "block2.layer6"]


def test_layers_stand_apart_by_what_they_compute_and_many_are_thinned_out():
    layers = [("embedding", 1), ("attention", 20), ("linear", 6), ("other", 2)]
    rows = pd.DataFrame(
        [
            {"parameter": f"{operation}{place}", "operation": operation, "block": 0, "epoch": epoch}
            for epoch in (0, 5)
            for operation, count in layers
            for place in range(count)
        ]
    )
    columns = percentage_by_epoch.shown(rows)
    counts = {title: found["parameter"].nunique() for title, found in columns.items()}
    assert counts == {
        "linear layers": 6,
        "embeddings": 1,
        "6 of 20 attention layers": 6,
        "other weights": 2,
    }
    shown = list(columns["6 of 20 attention layers"]["parameter"].unique())
    assert shown == [f"attention{place}" for place in (0, 4, 8, 11, 15, 19)]


def test_every_measured_epoch_has_its_tick_and_no_other(deep):
    axes = percentage_by_epoch.draw(deep[deep["batches"] == 200], SETTINGS).axes[-1]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["1", "10"]
    assert all(list(line.get_xdata()) == [0, 1] for line in axes.lines if len(line.get_xdata()) == 2 and line.get_marker() != "None")  # fmt: skip


def test_panels_are_a_batch_size_a_row_each_with_the_layers_of_its_block(deep):
    rows = deep[deep["batches"] == 200]
    figure = percentage_by_epoch.draw(rows, SETTINGS)
    titles = [axes.get_title("left") for axes in figure.axes]
    assert titles[0] == "a  block 1, batch size 64"
    assert titles[5] == "f  block 3, batch size 512"
    wanted = rows[(rows["layer"] == "block3.layer6") & (rows["batch_size"] == 512)]
    shown = [list(line.get_ydata()) for line in figure.axes[5].lines if line.get_marker() == "s"]
    assert shown == [list(wanted.sort_values("epoch")["percentage_gaussian"])]


def test_the_axis_of_a_batch_size_starts_below_its_own_lowest(deep):
    rows = deep[deep["batches"] == 600]
    figure = percentage_by_epoch.draw(rows, SETTINGS)
    rows = pd.concat(percentage_by_epoch.shown(rows).values())
    lowest = {
        size: rows.loc[rows["batch_size"] == size, "percentage_gaussian"].min()
        for size in (64, 512)
    }
    bottoms = [figure.axes[place].get_yticks()[0] for place in (0, 3)]
    assert bottoms[0] < bottoms[1] < lowest[512]
    assert bottoms[0] < lowest[64]


@pytest.mark.parametrize(("share", "said"), [(0.0, False), (0.1, True)])
def test_the_axis_says_what_becomes_of_constant_coordinates(deep, share, said):
    rows = deep[deep["batches"] == 200].assign(share_dirac=share)
    label = percentage_by_epoch.draw(rows, SETTINGS).get_supylabel()
    assert ("constant ones counted" in label) == said

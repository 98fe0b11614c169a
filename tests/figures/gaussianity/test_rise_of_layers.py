"""Spines through the percentages of every layer."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from example_figures import SETTINGS, draw
from example_results import CNN
from gradnoise.figures.gaussianity import rise_of_layers
from gradnoise.tables.catalogue import read


@pytest.fixture
def last(deep):
    """A residual network at its last epoch, constant coordinates left out."""
    rows = deep[deep["epoch"] == 10]
    ends = ("", "_lower", "_upper")
    return rows.assign(
        **{f"percentage_testable{end}": rows[f"percentage_gaussian{end}"] for end in ends}
    )


def points(axes, label):
    (line,) = [line for line in axes.lines if line.get_label() == label]
    return line.get_xdata(), line.get_ydata()


def test_csv_behind_the_figure_is_the_last_epoch_of_the_tables(results, tmp_path):
    draw("rise_of_layers", results, tmp_path / "figure.pdf")
    shown = pd.read_csv(tmp_path / "figure.csv")
    table = read(results[0])["gaussianity"]
    expected = table[(table["epoch"] == 2) & (table["kind"] == "weight")]
    assert list(shown["percentage_testable"]) == list(expected["percentage_testable"])
    assert set(shown["layer"]) == {name for name, *_ in CNN}


def test_points_stand_at_the_percentages_in_the_rows_of_their_layers(last):
    first, axes = rise_of_layers.draw(last, SETTINGS).axes
    names = [tick.get_text() for tick in first.get_yticklabels()]
    assert names[:2] == ["conv1", "block1.layer1"]
    assert axes.get_ylim()[0] > axes.get_ylim()[1]  # the first layer is on top
    for size in (64, 512):
        rows = last[(last["batches"] == 600) & (last["batch_size"] == size)]
        x, y = points(axes, str(size))
        assert list(x) == list(rows["percentage_testable"])
        assert [names[int(np.rint(place))] for place in y] == list(rows["layer"])


def test_a_spine_joins_all_batch_sizes_of_a_layer(last):
    axes = rise_of_layers.draw(last, SETTINGS).axes[0]
    spines = [line for line in axes.lines if line.get_linewidth() == 2.4]
    assert len(spines) == last["parameter"].nunique()
    first = last[(last["layer"] == "conv1") & (last["batches"] == 200)].sort_values("batch_size")
    assert list(spines[0].get_xdata()) == list(first["percentage_testable"])


def test_bars_are_the_intervals(last):
    axes = rise_of_layers.draw(last, SETTINGS).axes[0]
    rows = last[(last["batches"] == 200) & (last["batch_size"] == 64)]
    ends = [segment[:, 0].tolist() for segment in axes.collections[0].get_segments()]
    lower, upper = (rows[f"percentage_testable{end}"].clip(0, 100) for end in ("_lower", "_upper"))
    assert ends == [list(pair) for pair in zip(lower, upper, strict=True)]


def test_the_ceiling_is_the_runs_own_and_blocks_are_told_apart(last):
    figure = rise_of_layers.draw(last, replace(SETTINGS, significance=0.01))
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert "exactly Gaussian noise: 99 %" in names
    for axes in figure.axes:
        dashed = [line for line in axes.lines if line.get_linestyle() == "--"]
        assert [line.get_xdata()[0] for line in dashed] == [99.0]
        dotted = [line.get_ydata()[0] for line in axes.lines if line.get_linestyle() == ":"]
        assert dotted == [0.5, 6.5, 12.5, 18.5]
    assert names[:2] == ["batch size 64", "batch size 512"]


def test_the_axis_starts_below_all_percentages(last):
    lowest = last["percentage_testable_lower"].min()
    ticks = rise_of_layers.draw(last, SETTINGS).axes[0].get_xticks()
    assert ticks[0] <= lowest < ticks[0] + 20
    assert ticks[-1] == 100
    few = last.assign(percentage_testable_lower=-3.0)
    assert rise_of_layers.draw(few, SETTINGS).axes[0].get_xticks()[0] == 0


def test_an_interval_beyond_the_percentages_is_cut_and_marked(last):
    cell = (last["layer"] == "conv1") & (last["batches"] == 200) & (last["batch_size"] == 512)
    rows = last.assign(
        percentage_testable_upper=last["percentage_testable_upper"].where(~cell, 100.0)
    )
    axes = rise_of_layers.draw(rows, SETTINGS).axes[0]
    (mark,) = [line for line in axes.lines if line.get_marker() == ">"]
    assert list(mark.get_xdata()) == [100]
    assert np.rint(mark.get_ydata()[0]) == 0  # the first layer
    assert not [line for line in axes.lines if line.get_marker() == "<"]

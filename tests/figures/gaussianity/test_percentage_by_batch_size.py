"""Percentages over batch sizes."""

from dataclasses import replace

import pandas as pd
import pytest

from example_figures import SETTINGS, draw
from example_results import CNN
from gradnoise.errors import InputError
from gradnoise.figures.gaussianity import percentage_by_batch_size
from gradnoise.tables.catalogue import read


def test_csv_behind_the_figure_is_the_last_epoch_of_the_tables(results, tmp_path):
    draw("percentage_by_batch_size", results, tmp_path / "figure.pdf")
    shown = pd.read_csv(tmp_path / "figure.csv")
    assert set(shown["epoch"]) == {2}
    assert set(shown["layer"]) == {name for name, *_ in CNN}
    table = read(results[0])["gaussianity"]
    expected = table[(table["epoch"] == 2) & (table["kind"] == "weight")]
    assert list(shown["percentage_gaussian"]) == list(expected["percentage_gaussian"])


def test_ceiling_stands_where_gaussian_noise_passes(deep):
    figure = percentage_by_batch_size.draw(
        deep[deep["epoch"] == 10], replace(SETTINGS, significance=0.01)
    )
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert "exactly Gaussian noise: 99 %" in texts
    heights = [line.get_ydata()[0] for line in figure.axes[0].lines if len(line.get_ydata()) == 2]
    assert 99.0 in heights


def test_deep_networks_have_a_line_per_batch_size_and_block_dividers(deep):
    figure = percentage_by_batch_size.draw(deep[deep["epoch"] == 10], SETTINGS)
    first = figure.axes[0]
    assert [text.get_text() for text in first.get_legend().get_texts()] == ["64", "512"]
    labels = [text.get_text() for text in first.texts]
    assert [f"block {block}" in labels for block in (1, 2, 3)] == [True] * 3
    dividers = [line.get_xdata()[0] for line in first.lines if line.get_linestyle() == ":"]
    assert dividers == [1.5, 7.5, 13.5, 19.5]


def test_constant_coordinates_bring_panels_without_them(deep):
    rows = deep[(deep["block"] == 1) & (deep["epoch"] == 10)].assign(share_dirac=0.1)
    for end in ("", "_lower", "_upper"):
        rows[f"percentage_testable{end}"] = rows[f"percentage_gaussian{end}"] - 5
    figure = percentage_by_batch_size.draw(rows, SETTINGS)
    titles = [axes.get_title("left") for axes in figure.axes]
    assert len(titles) == 4
    assert titles[0] == "n = 200, constant counted as Gaussian"
    assert titles[3] == "n = 600, constant left out"


def test_style_follows_the_settings(deep):
    settings = replace(SETTINGS, style={"width": 3.3, "colours": ["#123456"]})
    few = deep[(deep["block"] == 1) & (deep["epoch"] == 10)]
    figure = percentage_by_batch_size.draw(few, settings)
    assert figure.get_figwidth() == 3.3
    colours = {line.get_color() for line in figure.axes[0].lines}
    assert "#123456" in colours


def test_an_unknown_run_is_named(results, tmp_path):
    with pytest.raises(InputError, match="'resnet' has no weights"):
        draw("percentage_by_batch_size", results, tmp_path / "x.pdf", run="resnet")

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


def key(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def with_constant(deep, share=0.1):
    """One block at its last epoch; its percentages are 5 points lower without constant coordinates."""
    rows = deep[(deep["block"] == 1) & (deep["epoch"] == 10)].assign(share_dirac=share)
    for end in ("", "_lower", "_upper"):
        rows[f"percentage_testable{end}"] = rows[f"percentage_gaussian{end}"] - 5
    return rows


def test_ceiling_stands_where_gaussian_noise_passes(deep):
    figure = percentage_by_batch_size.draw(
        deep[deep["epoch"] == 10], replace(SETTINGS, significance=0.01)
    )
    assert "exactly Gaussian noise: 99 %" in key(figure)
    heights = [line.get_ydata()[0] for line in figure.axes[0].lines if len(line.get_ydata()) == 2]
    assert 99.0 in heights


def test_deep_networks_have_a_line_per_batch_size_and_block_dividers(deep):
    figure = percentage_by_batch_size.draw(deep[deep["epoch"] == 10], SETTINGS)
    first = figure.axes[0]
    assert key(figure)[:2] == ["batch size 64", "batch size 512"]
    labels = [text.get_text() for text in first.texts]
    assert [f"block {block}" in labels for block in (1, 2, 3)] == [True] * 3
    dividers = [line.get_xdata()[0] for line in first.lines if line.get_linestyle() == ":"]
    assert dividers == [1.5, 7.5, 13.5, 19.5]


def test_what_is_without_constant_coordinates_comes_first(deep):
    figure = percentage_by_batch_size.draw(with_constant(deep), SETTINGS)
    assert [axes.get_title("left") for axes in figure.axes] == [
        "a  n = 200, constant ones left out",
        "b  n = 600, constant ones left out",
        "c  n = 200, constant ones counted",
        "d  n = 600, constant ones counted",
    ]


def test_every_panel_shows_its_own_convention_and_number_of_batches(deep):
    rows = with_constant(deep)
    figure = percentage_by_batch_size.draw(rows, SETTINGS)
    wanted = [(n, v) for v in ("percentage_testable", "percentage_gaussian") for n in (200, 600)]
    first = rows["parameter"].iloc[0]
    for axes, (batches, value) in zip(figure.axes, wanted, strict=True):
        line = rows[(rows["parameter"] == first) & (rows["batches"] == batches)]
        shown = [drawn for drawn in axes.lines if drawn.get_marker() == "o"]
        assert list(shown[0].get_xdata()) == [64, 512]
        assert list(shown[0].get_ydata()) == list(line.sort_values("batch_size")[value])


def test_in_a_column_panels_stand_below_each_other(deep):
    narrow = replace(SETTINGS, style={"width": 3.3})
    for settings, columns in ((SETTINGS, 2), (narrow, 1)):
        figure = percentage_by_batch_size.draw(with_constant(deep), settings)
        assert figure.axes[0].get_gridspec().ncols == columns


def alexnet(deep, layer="conv1", batch_size=128, batches=200):
    rows = with_constant(deep).replace({"layer": {"block1.layer1": layer}})
    return rows.replace({"batch_size": {64: batch_size}, "batches": {200: batches}})


def stars(figure):
    return [
        [(line.get_xdata()[0], line.get_ydata()[0]) for line in axes.lines if line.get_marker() == "*"]
        for axes in figure.axes
    ]  # fmt: skip


def test_the_papers_number_stands_in_the_panel_that_it_is_about(deep):
    known = replace(SETTINGS, network="alexnet")
    figure = percentage_by_batch_size.draw(alexnet(deep), known)
    assert stars(figure) == [[], [], [(128, 94.12)], []]
    assert key(figure)[-1] == "published: conv1, B = 128, n = 200: 94.12 %"


@pytest.mark.parametrize(
    ("network", "changes"),
    [
        ("", {}),
        ("resnet20", {}),
        ("alexnet", {"layer": "conv2"}),
        ("alexnet", {"batch_size": 64}),
        ("alexnet", {"batches": 201}),
    ],
)
def test_no_number_stands_where_none_was_published(deep, network, changes):
    known = replace(SETTINGS, network=network)
    figure = percentage_by_batch_size.draw(alexnet(deep, **changes), known)
    assert stars(figure) == [[], [], [], []]
    assert not any("published" in text for text in key(figure))


def test_a_number_about_all_layers_is_a_line_where_constant_ones_count(deep):
    rows = deep[deep["epoch"] == 10].assign(share_dirac=0.1)
    for end in ("", "_lower", "_upper"):
        rows[f"percentage_testable{end}"] = rows[f"percentage_gaussian{end}"]
    figure = percentage_by_batch_size.draw(rows, replace(SETTINGS, network="resnet56"))
    dotted = [
        85.0 in [line.get_ydata()[0] for line in axes.lines if line.get_linestyle() == ":"]
        for axes in figure.axes
    ]
    assert dotted == [False, True, False, True]
    assert "published: above 85 % at the smallest batch size" in key(figure)


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

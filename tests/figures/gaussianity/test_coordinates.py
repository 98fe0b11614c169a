"""Noise of single coordinates."""

import numpy as np
import pandas as pd
import pytest

from example_figures import SETTINGS, draw
from gradnoise.errors import InputError
from gradnoise.figures.gaussianity import coordinates


def test_quantiles_of_normal_quantiles_are_a_straight_line():
    from scipy.special import ndtri

    exact = ndtri((np.arange(1, 201) - 0.375) / 200.25)
    found = coordinates.quantiles((3e-9 * exact + 1e-7)[::-1].astype(np.float64))
    slope = np.polyfit(found["normal_quantile"], found["standardised"], 1)
    assert found["standardised"] == pytest.approx(np.polyval(slope, exact), abs=1e-6)


def test_constant_coordinates_have_no_quantiles():
    found = coordinates.quantiles(np.full(200, 0.1, np.float32))
    assert np.isnan(found["standardised"]).all()


def test_the_layer_that_passes_least_is_drawn(results, tmp_path):
    draw("coordinates", results, tmp_path / "x.pdf")
    (shown,) = set(pd.read_csv(tmp_path / "x.csv")["parameter"])
    table = pd.read_csv(results[0] / "gaussianity_repeats.csv")
    table = table[(table["seed"] == 0) & (table["epoch"] == 2) & (table["kind"] == "weight")]
    least = table.groupby("parameter")["percentage_gaussian"].min()
    assert least[shown] == least.min()


def test_without_files_the_figure_asks_for_them():
    with pytest.raises(InputError, match="needs per-layer files"):
        coordinates.choose([], pd.DataFrame())


def test_counts_stand_on_one_scale_for_both_batch_sizes(results):
    rows = coordinates.read(results[1][0])
    figure = coordinates.draw(rows, SETTINGS)
    histograms, plots = figure.axes[::2], figure.axes[1::2]
    assert [axes.get_title("left") for axes in histograms] == [
        "a  typical",
        "b  typical",
        "c  least Gaussian",
        "d  least Gaussian",
    ]
    for first, second in (histograms[:2], histograms[2:], plots[:2], plots[2:]):
        assert first.get_ylim() == second.get_ylim()
        assert first.get_xlim() == pytest.approx(second.get_xlim(), rel=0.2)
    for axes, role, size in ((histograms[0], "typical", 16), (histograms[3], "worst", 1024)):
        series = rows[(rows["role"] == role) & (rows["batch_size"] == size)]
        assert sum(patch.get_height() for patch in axes.patches) == len(series) == 600
        assert axes.get_yscale() == "log"


def test_a_constant_coordinate_is_told_in_a_sentence(results):
    rows = coordinates.read(results[1][0])
    said = coordinates.draw(rows, SETTINGS).get_suptitle().replace("\n", " ")
    assert "coordinate 12 is constant at batch size 16: every value is 2e-05" in said
    live = rows[rows["role"] != "dead"]
    assert "no coordinate is constant" in coordinates.draw(live, SETTINGS).get_suptitle()


def test_a_role_that_is_constant_at_one_batch_size_has_no_plot_there(results):
    rows = coordinates.read(results[1][0])
    constant = (rows["role"] == "worst") & (rows["batch_size"] == 16)
    figure = coordinates.draw(rows[~constant], SETTINGS)
    assert "no such coordinate" in figure.axes[4].texts[0].get_text()
    assert [axes.axison for axes in figure.axes] == [True] * 4 + [False, False, True, True]

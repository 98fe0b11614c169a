"""Noise of single coordinates."""

import numpy as np
import pandas as pd
import pytest

from example_figures import draw
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
        coordinates.choose([])

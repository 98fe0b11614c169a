"""Bounds over exact distances, and third moments at the share that passes."""

import shutil

import numpy as np
import pandas as pd
import pytest

from example_figures import SETTINGS, draw
from gradnoise.figures.clt import berry_esseen


def test_of_many_layers_the_first_are_shown_with_bound_above_distance(results, tmp_path):
    draw("berry_esseen", results, tmp_path / "figure.pdf")
    shown = pd.read_csv(tmp_path / "figure.csv")
    table = pd.read_csv(results[0] / "clt.csv")
    assert list(shown["layer"].unique()) == list(table["layer"].unique()[: berry_esseen.MOST])
    assert (shown["bound_q50"] > shown["exact_q50"]).all()
    last = table[table["epoch"] == 2].groupby(["layer", "batch_size"])["bound_q50"].mean()
    found = shown.set_index(["layer", "batch_size"])["bound_q50"]
    assert found.to_dict() == pytest.approx(last.to_dict())


def test_medians_stand_at_their_values_and_the_ceiling_at_its_level():
    quantiles = {f"{n}_q{q}": v for n in ("bound", "exact") for q, v in (("05", 0.1), ("95", 0.4))}
    bounds = pd.DataFrame(
        [
            {"layer": "a", "batch_size": b, "bound_q50": 0.3, "exact_q50": 0.2, **quantiles}
            for b in (16, 64)
        ]
    )
    passing = pd.DataFrame(
        {"layer": "a", "batch_size": [16, 64], "percentage_testable": [40.0, 80.0]}
    )
    passing = passing.assign(rho_q05=1.5, rho_q50=2.0, rho_q95=3.0)
    left, right = berry_esseen.draw(bounds, passing, SETTINGS).axes
    assert [set(line.get_ydata()) for line in left.lines] == [{0.3}, {0.2}]
    dots = [line for line in right.lines if line.get_marker() == "o" and len(line.get_xdata()) == 1]
    assert [(line.get_xdata()[0], line.get_ydata()[0]) for line in dots] == [(2, 40), (2, 80)]
    assert dots[0].get_markersize() < dots[1].get_markersize()
    assert any(np.allclose(line.get_ydata(), 95) for line in right.lines)


def test_a_run_without_moments_beside_others_gets_a_figure_that_says_so(results, tmp_path):
    tables = shutil.copytree(results[0], tmp_path / "tables")
    table = pd.read_csv(tables / "clt.csv")
    table.assign(run="other").to_csv(tables / "clt.csv", index=False)
    draw("berry_esseen", (tables, []), tmp_path / "figure.pdf")
    assert pd.read_csv(tmp_path / "figure.csv")["reason"].tolist() == [berry_esseen.WITHOUT]

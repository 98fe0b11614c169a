"""Bounds over exact distances, and third moments at the share that passes."""

import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from example_figures import SETTINGS, draw
from gradnoise.figures.clt import berry_esseen
from gradnoise.store import checksums


def test_of_many_layers_the_first_are_shown_with_bound_above_distance(results, tmp_path):
    draw("berry_esseen", results, tmp_path / "figure.pdf")
    shown = pd.read_csv(tmp_path / "figure.csv")
    table = pd.read_csv(results[0] / "clt.csv")
    assert list(shown["layer"].unique()) == list(table["layer"].unique()[: berry_esseen.MOST])
    assert (shown["bound_q50"] > shown["exact_q50"]).all()
    last = table[table["epoch"] == 2].groupby(["layer", "batch_size"])["bound_q50"].mean()
    found = shown.set_index(["layer", "batch_size"])["bound_q50"]
    assert found.to_dict() == pytest.approx(last.to_dict())


LAYERS, SIZES = ("a", "b"), (16, 64, 256)


def made(bound: float = 0.3) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two layers, every number different."""
    bounds, passing = [], []
    for k, layer in enumerate(LAYERS):
        for s, size in enumerate(SIZES):
            factor = (1 + k) / (1 + s)
            cell = {"layer": layer, "batch_size": size}
            bounds.append(
                {
                    **cell,
                    **{f"bound_q{q}": bound * factor * w for q, w in WIDTHS.items()},
                    **{f"exact_q{q}": 0.1 * factor * w for q, w in WIDTHS.items()},
                }
            )
            passing.append(
                {
                    **{**cell, "batches": 200, "percentage_testable": 30.0 * (s + 1) - 20 * k},
                    **{f"rho_q{q}": (3 + 4 * k) * w for q, w in WIDTHS.items()},
                }
            )
    return pd.DataFrame(bounds), pd.DataFrame(passing)


WIDTHS = {"05": 0.8, "50": 1.0, "95": 1.5}


@pytest.mark.parametrize("width", [6.9, 3.3])
def test_a_panel_of_bound_and_distance_for_every_layer(width):
    settings = replace(SETTINGS, style={"width": width})
    axes = berry_esseen.draw(*made(), settings).axes
    named = [each for each in axes if each.get_title(loc="left")]
    titles = [each.get_title(loc="left") for each in named]
    assert titles == ["a  a", "b  b", "c  B = 16", "d  B = 64", "e  B = 256"]
    for k, panel in enumerate(named[:2]):
        lines = [line for line in panel.lines if line.get_marker() == "o"]
        for line, level in zip(lines, (0.3, 0.1), strict=True):
            assert line.get_ydata() == pytest.approx([level * (1 + k) / (1 + s) for s in range(3)])
        assert [line.get_linestyle() for line in lines] == ["--", "-"]
        bands = [each.get_paths()[0].vertices for each in panel.collections]
        for band, level in zip(bands, (0.3, 0.1), strict=True):
            assert band[:, 1].max() == pytest.approx(1.5 * level * (1 + k))


def test_spines_stand_at_the_passing_share_of_their_batch_size():
    axes = berry_esseen.draw(*made(), SETTINGS).axes
    panels = [each for each in axes if "B = " in each.get_title(loc="left")]
    for s, panel in enumerate(panels):
        spines = [each.get_segments()[0] for each in panel.collections]
        for k, spine in enumerate(spines):
            share, rho = 30.0 * (s + 1) - 20 * k, 3 + 4 * k
            assert spine == pytest.approx(np.array([[share, 0.8 * rho], [share, 1.5 * rho]]))
        medians = [line for line in panel.lines if line.get_marker() in "os"]
        assert [line.get_ydata()[0] for line in medians] == [3, 7]
        assert any(set(np.atleast_1d(line.get_xdata())) == {95} for line in panel.lines)


def test_a_bound_of_one_is_named_where_there_is_one():
    def labels(bound: float) -> list[str]:
        drawn = berry_esseen.draw(*made(bound), SETTINGS)
        return [text.get_text() for strip in drawn.subfigs for text in strip.legends[0].texts]

    assert "1: no bound at all" not in labels(0.3)
    assert "1: no bound at all" in labels(0.34)
    assert "exactly Gaussian noise: 95 %" in labels(0.3)


def test_a_run_without_moments_beside_others_gets_a_figure_that_says_so(results, tmp_path):
    tables = shutil.copytree(results[0], tmp_path / "tables")
    table = pd.read_csv(tables / "clt.csv")
    table.assign(run="other").to_csv(tables / "clt.csv", index=False)
    (tables / checksums.LIST).unlink()
    draw("berry_esseen", (tables, []), tmp_path / "figure.pdf")
    assert pd.read_csv(tmp_path / "figure.csv")["reason"].tolist() == [berry_esseen.WITHOUT]

"""Figures of the related studies show their arrays, with words that fit."""

import json
from dataclasses import asdict, replace

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from example_figures import SETTINGS
from example_results import call
from gradnoise.figures.catalogue import entries
from gradnoise.figures.related import draw, numbers
from gradnoise.related.catalogue import modules
from gradnoise.related.conduct import conduct, load
from gradnoise.related.results import write
from gradnoise.related.study import Panel, Settings
from gradnoise.store.variables import Variable

SHORT = Settings(seed=5, repeats=2, length=0.02)
NARROW = replace(SETTINGS, style={"width": 3.3})
STUDY = replace(
    load("sgld"),
    variables=(
        Variable("rate", "learning rate", "1", ("rate",)),
        Variable("loss", "mean loss", "nat", ("repeat", "rate", "scheme")),
        Variable("limit", "its limit", "nat", ("rate", "scheme")),
        Variable("drift", "drift of the mean", "parameter", ("repeat", "side")),
    ),
    panels=(
        Panel("first", "loss", "rate", "limit", ("with", "without")),
        Panel("second", "drift", ("left", "right"), level=0.5),
    ),
)
ARRAYS = {
    "rate": np.array([0.1, 0.4, 0.7]),
    "loss": np.array([[[1.0, 4], [2, 5], [3, 6]], [[1.2, 4], [2.4, 5.6], [3.2, 7]]]),
    "limit": np.array([[10.0, 40], [20, 50], [30, 60]]),
    "drift": np.array([[-1.0, 2.0], [-3.0, 2.5], [-2.0, 3.6]]),
}


def test_every_study_has_a_figure_of_its_name():
    drawn = {name for name, entry in entries().items() if entry.study.startswith("related.")}
    assert drawn == set(modules())
    for name in drawn:
        assert entries()[name].title == load(name).title
        assert entries()[name].caption == load(name).caption


def test_numbers_are_means_over_repeats_with_students_intervals():
    found = numbers(STUDY, ARRAYS)
    first, second = (found[found["panel"] == name] for name in ("first", "second"))
    without = first[first["line"] == "without"]
    assert list(without["at"]) == [0.1, 0.4, 0.7]
    np.testing.assert_allclose(without["value"], [4, 5.3, 6.5])
    np.testing.assert_allclose(without["expected"], [40, 50, 60])
    # t of one degree of freedom is 12.7062; the deviation of two repeats is |a - b| / root 2, its error |a - b| / 2.
    np.testing.assert_allclose(
        without["upper"] - without["value"], 12.7062 * np.array([0, 0.3, 0.5]), rtol=1e-5
    )
    assert list(second["category"]) == ["left", "right"]
    np.testing.assert_allclose(second["value"], [-2, 2.7])
    # 4.30265 of two degrees; the error of (-1, -3, -2) is 1 / root 3.
    assert second["lower"].iloc[0] == pytest.approx(-2 - 4.30265 / np.sqrt(3), rel=1e-5)
    assert second["expected"].isna().all()


def test_points_intervals_expectations_and_levels_are_drawn():
    first, second = draw(STUDY, numbers(STUDY, ARRAYS), SETTINGS).axes
    heights = [line.get_ydata() for line in first.lines]
    assert any(np.array_equal(each, [40, 50, 60]) for each in heights)
    assert any(np.allclose(each, [4, 5.3, 6.5]) for each in heights if len(each) == 3)
    assert first.get_ylabel() == "mean loss (nat)"
    assert first.get_xlabel() == "learning rate"
    assert [text.get_text() for text in first.get_legend().get_texts()] == ["with", "without"]
    assert any(list(line.get_ydata()) == [0.5, 0.5] for line in second.lines)
    assert [tick.get_text() for tick in second.get_xticklabels()] == ["left", "right"]
    plt.close("all")


@pytest.mark.parametrize("name", modules())
def test_words_fit_into_a_figure_of_either_width(name):
    shown = numbers(load(name), conduct(name, SHORT).arrays)
    for settings in (NARROW, SETTINGS):
        drawn = draw(load(name), shown, settings)
        drawn.canvas.draw()
        whole = drawn.bbox
        for axes in drawn.axes:
            words = [axes.xaxis.label, axes.yaxis.label, axes._left_title]
            for text in (*words, *(axes.get_legend().get_texts() if axes.get_legend() else [])):
                box = text.get_window_extent()
                inside = whole.x0 <= box.x0 and box.x1 <= whole.x1 and box.y1 <= whole.y1
                assert inside, text.get_text()
            room = axes.get_window_extent()
            for label in (axes.yaxis.label, axes.xaxis.label):
                box = label.get_window_extent()
                assert box.height < 1.25 * room.height, label.get_text()
                assert box.width < 1.25 * room.width, label.get_text()
        plt.close("all")


def test_the_program_draws_the_study_whose_file_it_gets(tmp_path):
    study, found = load("implicit_sgd"), conduct("implicit_sgd", SHORT)
    write(tmp_path / "x.h5", "implicit_sgd", SHORT, study.variables, found)
    settings = json.dumps({**asdict(SETTINGS), "run": "related"})
    output = tmp_path / "figure.pdf"
    call(
        "figures.related", "--settings", settings, "--layers", tmp_path / "x.h5", "--output", output
    )
    assert output.stat().st_size > 5000
    shown = pd.read_csv(output.with_suffix(".csv"))
    means = [found.arrays[name].mean(axis=-1).ravel() for name in ("variance", "network_loss")]
    np.testing.assert_allclose(shown["value"], np.concatenate(means))


def test_five_panels_stand_in_two_rows_and_in_one_column_where_it_is_narrow():
    five = tuple(STUDY.panels[0]._replace(title=f"panel {place}") for place in range(5))
    study = replace(STUDY, panels=five)
    for settings, columns in ((SETTINGS, 3), (NARROW, 1)):
        axes = draw(study, numbers(study, ARRAYS), settings).axes
        assert len(axes) == 5
        assert len({round(each.get_position().x0, 3) for each in axes}) == columns
        plt.close("all")

"""Every figure of the balance stage shows the numbers of its table."""

import json
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from example_figures import SETTINGS
from example_results import call
from example_studies import study
from gradnoise.figures.balance import balance_in_training, stationary_laws, transition
from gradnoise.figures.balance.crossings import shares
from gradnoise.figures.catalogue import entries

FIGURES = {name: entry for name, entry in entries().items() if entry.study.startswith("balance.")}


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("width", [6.9, 3.3])
def test_a_figure_is_drawn_from_its_studys_tables(name, width, tmp_path):
    entry = FIGURES[name]
    stage, made = entry.study.split(".")
    assert stage == "balance"
    for table, rows in study(made).items():
        rows.to_csv(tmp_path / f"{table}.csv", index=False)
    settings = {**asdict(SETTINGS), "style": {"width": width}}
    output = tmp_path / "figure.pdf"
    program = entry.module.removeprefix("gradnoise.")
    call(program, "--settings", json.dumps(settings), "--tables", tmp_path, "--output", output)
    assert output.stat().st_size > 5000
    assert len(pd.read_csv(output.with_suffix(".csv"))) > 3


def test_means_and_exact_laws_are_drawn_by_depth():
    found = {name.removeprefix("balance_"): rows for name, rows in study("transition").items()}
    mean, variance, growth = transition.draw(found, SETTINGS).axes[:3]
    rows = found["transition"]
    one = rows[rows["depth"] == 1]
    drawn = [line.get_xydata() for line in mean.lines]
    exact = one[one["ratio"] < 1][["ratio", "exact_mean"]].to_numpy()
    assert any(np.array_equal(each, exact) for each in drawn)
    measured = one[["ratio", "mean"]].to_numpy()
    assert any(np.array_equal(each, measured) for each in drawn)
    assert variance.get_yscale() == "log"
    expected = 1e4 * found["growth"]["exact_growth"]
    np.testing.assert_allclose(growth.lines[0].get_ydata(), expected)


def test_a_panel_for_every_law_that_there_is():
    found = {name.removeprefix("balance_"): rows for name, rows in study("laws").items()}
    drawn = stationary_laws.draw(found, SETTINGS)
    titles = [axes.get_title(loc="left") for axes in drawn.axes if axes.get_title(loc="left")]
    assert len(titles) == 9
    first = drawn.axes[0]
    bins = found["histograms"][
        (found["histograms"]["depth"] == 0) & (found["histograms"]["ratio"] == 0.25)
    ]
    np.testing.assert_allclose([bar.get_height() for bar in first.patches], bins["density"])
    np.testing.assert_allclose(first.lines[0].get_ydata(), bins["exact_density"])


def test_shares_have_clopper_and_pearsons_intervals():
    rows = pd.DataFrame(
        {"first": 0.7, "second": -0.7, "imbalance": [0.0, 0.1, 0.2]}
        | {"crossed": [0, 50, 100], "replicas": 100, "diverged": 0}
    )
    found = shares(rows)
    assert list(found["share"]) == [0, 50, 100]
    np.testing.assert_allclose(found["upper"], [3.62167, 60.16788, 100], atol=1e-3)
    np.testing.assert_allclose(found["lower"], [0, 39.83212, 96.37833], atol=1e-3)


def test_training_stands_beside_the_law_and_gradient_descent():
    rows = study("norms")["balance_training"]
    panels = balance_in_training.draw(rows, SETTINGS).axes[:2]
    for axes, network in zip(panels, ("linear", "relu"), strict=True):
        mine = rows[(rows["network"] == network) & (rows["batch_size"] == 8)]
        np.testing.assert_array_equal(axes.lines[0].get_ydata(), mine["imbalance"])
        np.testing.assert_array_equal(axes.lines[1].get_ydata(), mine["predicted_imbalance"])
        assert np.ptp(axes.lines[2].get_ydata()) < 0.1
    plt.close("all")

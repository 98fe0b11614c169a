"""Every figure of the geometry stage shows the numbers of its table."""

import json
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from example_figures import SETTINGS
from example_geometry import SMALL, study
from example_results import call
from gradnoise.figures.catalogue import entries
from gradnoise.figures.geometry import (
    fisher_hessian_noise,
    fluctuations_with_depth,
    geometry_in_training,
    jacobian_and_fisher,
    learning_rates,
)

FIGURES = {name: entry for name, entry in entries().items() if entry.study.startswith("geometry.")}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_drawn_from_its_studys_tables(name, tmp_path):
    entry = FIGURES[name]
    _, made = entry.study.split(".")
    for table, rows in study(made).items():
        rows.to_csv(tmp_path / f"{table}.csv", index=False)
    output = tmp_path / "figure.pdf"
    program = entry.module.removeprefix("gradnoise.")
    settings = json.dumps(asdict(SETTINGS))
    call(program, "--settings", settings, "--tables", tmp_path, "--output", output)
    assert output.stat().st_size > 5000
    assert len(pd.read_csv(output.with_suffix(".csv"))) > 3
    plt.close("all")


def test_every_network_is_a_point_above_its_jacobian():
    rows = study("initialisation")["geometry_initialisation"]
    left, right = jacobian_and_fisher.draw(rows, SETTINGS).axes[:2]
    points = np.concatenate([line.get_xydata() for line in left.lines[:-1]])
    expected = rows[["stretch", "fisher"]].to_numpy()
    assert sorted(map(tuple, points)) == sorted(map(tuple, expected))
    medians = rows.groupby(["initialisation", "q"], sort=False)["condition"].median()
    assert [line.get_ydata()[0] for line in right.lines] == pytest.approx(list(medians))
    plt.close("all")


def test_steps_are_geometric_means_and_marks_are_open_where_one_did_not_arrive():
    tables = {name.removeprefix("geometry_"): rows for name, rows in study("training").items()}
    axes = learning_rates.draw(tables, SETTINGS).axes[0]
    runs = tables["descents"]
    first = runs[(runs["q"] == runs["q"].min()) & (runs["judged"] == 0)]
    mine = first[(first["initialisation"] == "orthogonal") & (first["manifold"] == "euclidean")]
    steps = mine.groupby("learning_rate")["steps"].agg(lambda each: np.exp(np.log(each).mean()))
    line, whole, broken = axes.lines[:3]
    assert list(line.get_ydata()) == pytest.approx(list(steps))
    arrived = mine.groupby("learning_rate")["arrived"].min()
    assert list(whole.get_xdata()) == list(arrived.index[arrived == 1])
    assert list(broken.get_xdata()) == list(arrived.index[arrived == 0])
    assert broken.get_markerfacecolor() == "white"
    plt.close("all")


def test_curvature_is_drawn_over_epochs_from_the_start():
    rows = study("training")["geometry_curvature"]
    axes = geometry_in_training.draw(rows, SETTINGS).axes[0]
    mine = rows[(rows["initialisation"] == "orthogonal") & (rows["manifold"] == "stiefel")]
    mine = mine[mine["q"] == 0.6].sort_values("epoch")
    drawn = [line.get_xydata() for line in axes.lines]
    expected = mine[["epoch", "categorical_fisher"]].to_numpy()
    assert sum(np.array_equal(each, expected) for each in drawn) == 1
    plt.close("all")


def test_fluctuations_have_the_mean_over_groups_and_its_error():
    rows = study("fluctuations")["geometry_fluctuations"]
    found = fluctuations_with_depth.summary(rows)
    one = found[
        (found["initialisation"] == "gaussian") & (found["q"] == 0.6) & (found["depth"] == 9)
    ].iloc[0]
    mine = rows[(rows["initialisation"] == "gaussian") & (rows["q"] == 0.6) & (rows["depth"] == 9)]
    assert one["correlator"] == pytest.approx(abs(mine["correlator"].mean()))
    assert one["correlator_error"] == pytest.approx(mine["correlator"].sem())
    axes = fluctuations_with_depth.draw(found, SETTINGS).axes[1]
    drawn = [list(line.get_ydata()) for line in axes.lines]
    mine = found[(found["initialisation"] == "gaussian") & (found["q"] == 0.6)]
    assert list(mine[mine["kernel_fluctuation"] > 0]["kernel_fluctuation"]) in drawn
    plt.close("all")


def test_the_relation_has_means_over_networks_and_students_intervals():
    rows = study("relation")["geometry_relation"]
    found = fisher_hessian_noise.summary(rows)
    where = {"initialisation": "gaussian", "q": 0.6, "epoch": 5}
    mine, one = (
        table[np.logical_and.reduce([table[name] == value for name, value in where.items()])]
        for table in (rows, found)
    )
    assert len(mine) == SMALL["networks"]
    half = mine["fisher_noise"].sem() * 12.7062  # of one degree of freedom
    mean = mine["fisher_noise"].mean()
    assert one["fisher_noise"].item() == pytest.approx(mean)
    assert one["fisher_noise_upper"].item() == pytest.approx(mean + half, rel=1e-4)
    logs = np.log(mine["noise_over_fisher"])
    low = np.exp(logs.mean() - 12.7062 * logs.sem())
    assert one["noise_over_fisher_lower"].item() == pytest.approx(low, rel=1e-4)
    drawn = fisher_hessian_noise.draw(found, SETTINGS)
    mine = found[(found["initialisation"] == "orthogonal") & (found["q"] == 0.05)]
    places = dict(zip(fisher_hessian_noise.SHOWN, drawn.axes, strict=False))
    lines = [list(line.get_ydata()) for line in places["rest_over_hessian"].lines]
    assert list(mine["rest_over_hessian"]) in lines
    assert [line.get_ydata()[0] for line in places["noise_over_fisher"].lines].count(1) == 1
    assert len(drawn.axes) == len(places)
    plt.close("all")


def test_the_relation_of_the_shallowest_and_the_deepest_networks_is_drawn():
    rows = study("relation")["geometry_relation"]
    cosine = "fisher_noise"
    others = [rows.assign(depth=depth, **{cosine: rows[cosine] / depth}) for depth in (9, 6)]
    found = fisher_hessian_noise.summary(pd.concat([rows, *others]))
    drawn = fisher_hessian_noise.draw(found, SETTINGS).axes
    assert len(drawn) == 12
    for depth, axes in ((4, drawn[1]), (9, drawn[7])):
        assert axes.get_title(loc="left").endswith(f"F and C, cosine, depth {depth}")
        expected = found[(found["depth"] == depth) & (found["initialisation"] == "gaussian")]
        lines = [list(line.get_ydata()) for line in axes.lines]
        for q in SMALL["q"]:
            assert list(expected[expected["q"] == q][cosine]) in lines
    plt.close("all")

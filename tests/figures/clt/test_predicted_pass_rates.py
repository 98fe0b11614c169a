"""Predicted against measured pass rates."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from example_figures import SETTINGS, draw
from gradnoise.figures.clt import predicted_pass_rates

NAN = float("nan")


def test_bins_of_layers_are_pooled_by_their_counts():
    numbers = [
        (1, 0, 30, 4.0, 2.0),
        (1, 0, 10, 8.0, 6.0),
        (2, 0, 40, 5.0, 5.0),
        (2, 1, 0, NAN, NAN),
    ]
    names = ["seed", "bin", "count", "predicted_percentage", "measured_percentage"]
    bins = pd.DataFrame(numbers, columns=names).assign(batches=200)
    (row,) = predicted_pass_rates.pool(bins).to_dict("records")
    assert (row["bin"], row["count"]) == (0, 80)
    assert row["predicted_percentage"] == pytest.approx(5)
    assert row["measured_percentage"] == pytest.approx(4)
    assert np.isnan(row["measured_percentage_lower"])  # two seeds
    third = pd.concat([bins, bins[bins["seed"] == 2].assign(seed=3, measured_percentage=7.0)])
    (row,) = predicted_pass_rates.pool(third).to_dict("records")
    half = stats.t.ppf(0.975, 2) * np.std([3, 5, 7], ddof=1) / np.sqrt(3)
    assert row["measured_percentage"] == pytest.approx((40 * 3 + 40 * 5 + 40 * 7) / 120)
    assert row["measured_percentage_upper"] == pytest.approx(row["measured_percentage"] + half)


CELLS = [
    # layer, batch size, predicted, measured, coverage
    ("a", 16, 20.0, 25.0, 0.9),
    ("a", 64, 60.0, 50.0, 0.95),
    ("b", 16, 5.0, 8.0, 0.3),
    ("b", 64, 30.0, 33.0, 0.6),
]


def made(unit: str = "seed") -> tuple[pd.DataFrame, pd.DataFrame]:
    cells = pd.DataFrame(
        [
            {
                **{"layer": layer, "batch_size": size, "batches": n, "coverage": coverage},
                **{"predicted_percentage": predicted - n / 100, "measured_percentage": measured},
                **{
                    "predicted_percentage_lower": predicted - 7,
                    "predicted_percentage_upper": 108.0,
                },
                **{"measured_percentage_lower": -3.0, "measured_percentage_upper": measured + 6},
                **{"unit": unit, "n_seeds": 3, "n_repeats": 5},
            }
            for layer, size, predicted, measured, coverage in CELLS
            for n in (200, 600)
        ]
    )
    bins = pd.DataFrame(
        [
            {
                **{"batches": n, "bin": b, "count": 5 + 100 * b, "predicted_percentage": 10.0 * b},
                **{"measured_percentage": 9.0 * b, "measured_percentage_lower": 9.0 * b - 2},
                "measured_percentage_upper": 9.0 * b + 2,
            }
            for n in (200, 600)
            for b in range(10)
        ]
    )
    return cells, bins


@pytest.mark.parametrize("width", [6.9, 3.3])
def test_points_have_both_intervals_and_are_open_where_half_is_not_covered(width):
    drawn = predicted_pass_rates.draw(*made(), replace(SETTINGS, style={"width": width}))
    first, second, third, last = drawn.axes
    titles = [axes.get_title(loc="left") for axes in drawn.axes]
    assert titles == ["a  n = 200", "b  n = 600", "c  coordinates", "d  coverage"]
    marks = [line for line in second.lines if line.get_marker() in "os"]
    assert [(line.get_xdata()[0], line.get_ydata()[0]) for line in marks] == [
        (predicted - 6, measured) for _, _, predicted, measured, _ in CELLS
    ]
    assert [line.get_markerfacecolor() == "white" for line in marks] == [False, False, True, False]
    assert [line.get_marker() for line in marks] == ["o", "o", "s", "s"]
    bars = [line for line in first.lines if line.get_marker() == "None"][1:]
    ends = [(list(line.get_xdata()), list(line.get_ydata())) for line in bars]
    assert ends[0] == ([13.0, 100.0], [25.0, 25.0])  # of the prediction, cut at 100
    assert ends[1] == ([18.0, 18.0], [0.0, 31.0])  # of the measurement, cut at 0
    shown = [line.get_ydata()[0] for line in last.lines if line.get_marker() in "os"]
    assert shown == pytest.approx([90, 95, 30, 60])
    sizes = third.collections[1].get_sizes()
    assert sizes[0] < sizes[-1]


def test_many_layers_share_a_mark_that_the_key_names():
    cells, bins = made()
    many = pd.concat([cells.assign(layer=f"layer{k}") for k in range(8)])
    many = many.drop_duplicates(["layer", "batch_size", "batches"])
    texts = predicted_pass_rates.draw(many, bins, SETTINGS).legends[0].texts
    assert "each of 8 layers" in [text.get_text() for text in texts]


def test_of_single_networks_predictions_have_their_own_error():
    rows = pd.DataFrame(
        [
            {"layer": "a", "batch_size": 16, "batches": 200, "seed": seed, "predicted_error": error}
            for seed, error in ((1, 3.0), (1, 3.0), (2, 4.0), (2, 4.0))
        ]
    )
    cells, _ = made("repeat")
    cells = cells[(cells["layer"] == "a") & (cells["batch_size"] == 16) & (cells["batches"] == 200)]
    (found,) = predicted_pass_rates.with_prediction_errors(cells, rows).to_dict("records")
    half = stats.t.ppf(0.975, 19) * 5.0 / 2
    assert found["predicted_percentage_upper"] == pytest.approx(18 + half)
    assert found["predicted_percentage_lower"] == pytest.approx(18 - half)
    same = predicted_pass_rates.with_prediction_errors(cells.assign(unit="seed"), rows)
    assert same["predicted_percentage_upper"].tolist() == [108.0]


def test_every_layer_and_batch_size_is_a_point_of_the_last_epoch(results, tmp_path):
    draw("predicted_pass_rates", results, tmp_path / "figure.pdf")
    shown = pd.read_csv(tmp_path / "figure.csv")
    cells = shown[shown["panel"] == "cells"]
    table = pd.read_csv(results[0] / "prediction.csv")
    last = table[table["epoch"] == 2].groupby(["layer", "batch_size", "batches"])
    assert len(cells) == last.ngroups
    found = cells.set_index(["layer", "batch_size", "batches"])["measured_percentage"]
    expected = last["measured_percentage"].mean()
    assert found.to_dict() == pytest.approx(expected.to_dict())
    ratio = cells.set_index(["layer", "batch_size", "batches"])["ratio"]
    predicted = last["predicted_percentage"].mean()
    assert ratio.to_dict() == pytest.approx((expected / predicted).to_dict())
    assert cells["coverage"].tolist() == pytest.approx([200 / 216] * len(cells))

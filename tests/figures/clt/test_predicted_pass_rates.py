"""Predicted against measured pass rates."""

import pandas as pd
import pytest

from example_figures import draw
from gradnoise.figures.clt import predicted_pass_rates


def test_bins_of_layers_are_pooled_by_their_counts():
    bins = pd.DataFrame(
        {
            "batches": [200, 200, 200],
            "bin": [0, 0, 1],
            "count": [30, 10, 0],
            "predicted_percentage": [4.0, 8.0, float("nan")],
            "measured_percentage": [2.0, 6.0, float("nan")],
        }
    )
    (row,) = predicted_pass_rates.pool(bins).to_dict("records")
    assert (row["bin"], row["count"]) == (0, 40)
    assert row["predicted_percentage"] == pytest.approx(5)
    assert row["measured_percentage"] == pytest.approx(3)


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

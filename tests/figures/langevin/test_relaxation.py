"""Autocorrelations and displacements."""

import numpy as np
import pytest

from example_figures import PLAIN
from example_langevin_results import result
from gradnoise.figures.langevin.relaxation import draw


def test_fitted_and_predicted_autocorrelations_agree_with_measured_ones() -> None:
    _, shown = draw([result("momentum")], PLAIN)
    sharp = shown[shown["direction"] == 0]
    assert np.abs(sharp["measured"] - sharp["predicted"]).max() < 0.15
    assert np.abs(sharp["fitted"] - sharp["predicted"]).max() < 0.15
    moved = shown[shown["displacement"].notna()]
    assert list(moved["lag"]) == list(range(1, 61))


def test_nothing_is_drawn_at_lag_zero_and_no_prediction_that_there_is_not() -> None:
    found = result("plain")
    arrays = {**found.arrays, "predicted_displacement": np.full(61, np.nan)}
    drawn, _ = draw([found, found._replace(arrays=arrays)], PLAIN)
    _, with_prediction, _, without = drawn.axes
    assert (len(with_prediction.lines), len(without.lines)) == (2, 1)
    for axes in drawn.axes:
        first = [line.get_xdata()[0] for line in axes.lines if len(line.get_xdata()) > 2]
        assert set(first) == {1}
    assert with_prediction.lines[0].get_ydata() == pytest.approx(found.arrays["displacement"][1:])

"""Autocorrelations and displacements."""

import numpy as np

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

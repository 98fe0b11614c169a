"""One trajectory in one subspace, and what its analysis survives."""

import subprocess
import sys

import numpy as np
import pytest

from example_trajectories import SETTINGS, analysed, recorded
from gradnoise.langevin.analysis import analyse
from gradnoise.langevin.variables import ARRAYS


def test_an_unstable_direction_has_no_prediction_and_stops_nothing() -> None:
    made = recorded(steps=200)
    made.hessian[:, 0, 0] = -1.0
    rows, numbers, _ = analyse(made, SETTINGS)
    assert np.isnan(rows["predicted_variance"]).all()
    assert np.isnan(numbers["predicted_entropy_production"])


def test_a_direction_along_which_nothing_moves_stops_nothing() -> None:
    made = recorded(steps=200)
    made.position[..., 1] = 0
    rows, numbers, _ = analyse(made, SETTINGS)
    assert np.isnan(rows["first_curvature"][1])
    assert np.isnan(numbers["entropy_production"])
    assert not rows["stationary"][1]


def test_the_stage_needs_no_torch() -> None:
    code = "import sys, gradnoise.langevin.__main__; sys.exit('torch' in sys.modules or 'scipy.stats' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_declared_array_of_the_whole_model_is_there() -> None:
    assert {*analysed("plain").arrays} == {array.name for array in ARRAYS[""]}


def test_without_a_predicted_current_there_is_no_plane() -> None:
    arrays = analyse(recorded(sampling="epoch_shuffle", steps=500), SETTINGS).arrays
    assert not [name for name in arrays if name.startswith("plane_")]


def test_relaxation_is_measured_as_predicted() -> None:
    arrays = analysed("momentum").arrays
    measured, exact = arrays["autocorrelation"][:2], arrays["predicted_autocorrelation"][:2]
    assert np.abs(measured - exact).max() < 0.15
    assert np.allclose(arrays["displacement"][1:], arrays["predicted_displacement"][1:], rtol=0.2)


def test_histograms_are_densities() -> None:
    arrays = analysed("plain").arrays
    total = arrays["histogram"] @ np.diff(arrays["histogram_edges"])
    assert np.allclose(total, 1, atol=1e-4)


def test_errors_of_histograms_are_their_scatter() -> None:
    arrays = analysed("plain").arrays
    edges = arrays["histogram_edges"]
    centres = (edges[1:] + edges[:-1]) / 2
    exact = np.exp(-0.5 * centres**2) / np.sqrt(2 * np.pi)
    middle = np.abs(centres) < 2
    score = (arrays["histogram"] - exact)[:4, middle] / arrays["histogram_error"][:4, middle]
    assert np.sqrt(np.mean(score**2)) == pytest.approx(1, abs=0.35)
    short = analyse(recorded(steps=200), SETTINGS).arrays
    assert np.isnan(short["histogram_error"][3]).all()

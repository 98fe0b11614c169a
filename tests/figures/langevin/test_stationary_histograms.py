"""Densities along eigenvectors."""

import numpy as np
import pytest

from example_figures import PLAIN
from example_langevin_results import result
from gradnoise.figures.langevin.stationary_histograms import densities, draw, shown


def test_eigenvectors_are_spread_over_the_curvatures() -> None:
    found = result("plain")
    assert shown(found) == [0, 2, 3]
    many = found._replace(directions=found.directions.loc[[0] * 10])
    assert shown(many) == [0, 4, 9]


def test_measured_densities_are_the_exact_ones_where_the_potential_is_a_parabola() -> None:
    _, numbers = draw([result("isotropic")], PLAIN)
    middle = numbers[np.abs(numbers["x"]) < 2]
    for law in ("measured", "small-step limit", "boltzmann"):
        assert np.abs(middle[law] - 1).max() < 0.35, law
    score = (middle["measured"] - 1) / middle["measured_error"]
    assert np.sqrt(np.mean(score**2)) < 2


def test_a_law_that_is_too_wide_shows() -> None:
    found = result("plain")
    wide = found._replace(
        directions=found.directions.assign(predicted_variance=4 * found.directions["variance"])
    )
    frame = densities(wide, 0)
    # Half as wide as predicted: twice as dense in the middle, and empty at two predicted deviations.
    assert frame["measured"].iloc[frame["x"].abs().argmin()] == pytest.approx(2, rel=0.1)
    assert frame.loc[frame["x"].abs() > 1.9, "measured"].max() < 0.02
    # The small-step limit is the Gaussian of its own variance.
    ratio = wide.eigenvectors.iloc[0]
    spread = np.sqrt(ratio["continuous_variance"] / ratio["predicted_variance"])
    x = frame["x"].iloc[3]
    expected = np.exp(-0.5 * (x / spread) ** 2 + 0.5 * x**2) / spread
    assert frame["small-step limit"].iloc[3] == pytest.approx(expected)

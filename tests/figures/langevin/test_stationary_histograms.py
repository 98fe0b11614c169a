"""Densities along eigenvectors."""

import numpy as np

from example_figures import PLAIN
from example_langevin_results import result
from gradnoise.figures.langevin.stationary_histograms import draw, shown


def test_eigenvectors_are_spread_over_the_curvatures() -> None:
    found = result("plain")
    assert shown(found) == [0, 1, 2, 3]
    many = found._replace(directions=found.directions.loc[[0] * 10])
    assert shown(many) == [0, 3, 6, 9]


def test_exact_and_measured_densities_agree_where_the_potential_is_a_parabola() -> None:
    _, numbers = draw([result("isotropic")], PLAIN)
    middle = np.abs(numbers["x"]) < 2
    for law in ("exact", "small-step limit", "boltzmann"):
        assert np.abs(numbers[law] - numbers["measured"])[middle].max() < 0.06

"""Variances against curvatures."""

import pytest

from example_figures import PLAIN
from example_langevin_results import result
from gradnoise.figures.langevin.variance_against_curvature import draw, isotropic_law


def test_the_isotropic_law_of_proportional_noise_is_proposition_2s() -> None:
    found = result("isotropic")
    # C = H / 2 of a single sample, batches of 8: eta / (2 B) s^2 with s^2 = 1/2.
    assert isotropic_law(found.eigenvectors, found) == pytest.approx(0.015 / 2 / 8 / 2)


def test_directions_that_move_are_drawn_apart() -> None:
    drawn, shown = draw([result("moving")], PLAIN)
    _, labels = drawn.axes[0].get_legend_handles_labels()
    assert "not stationary" in labels
    assert "measured" not in labels
    assert len(shown) == 4
    assert set(shown["variant"]) == {"moving"}

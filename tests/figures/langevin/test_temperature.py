"""Temperatures of eigenvectors."""

import numpy as np

from example_figures import PLAIN
from example_langevin_results import result
from gradnoise.figures.langevin.temperature import draw, rows_of


def test_in_equilibrium_all_temperatures_are_one() -> None:
    rows = rows_of([result("isotropic")])
    # C = H / 2, so that the temperature of a direction is its curvature times one number.
    assert np.allclose(rows["configurational"] / rows["predicted_temperature"], 1, atol=0.1)
    assert np.allclose(rows["kinetic"] / rows["predicted_temperature"], 1, atol=0.05)


def test_kinetic_temperatures_and_exact_laws_are_drawn_where_there_is_momentum() -> None:
    alone, both = (
        draw(rows_of([result(name) for name in names]), PLAIN)
        for names in (["plain"], ["plain", "momentum"])
    )
    assert len(alone.axes[0].lines) == 2
    assert len(both.axes[0].lines) == 2 + 3
    labels = both.axes[1].get_legend_handles_labels()[1]
    assert labels == ["exact, momentum 0", "exact, momentum 0.9"]

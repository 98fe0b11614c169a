"""Positions and velocities."""

import numpy as np
import pytest

from example_figures import PLAIN
from example_langevin_results import result
from gradnoise.figures.langevin.phase_portrait import draw


def test_the_period_is_said_and_the_portrait_is_the_sharpest_eigenvectors() -> None:
    drawn, shown = draw([result("momentum")], PLAIN)
    # eta h = 0.1 and momentum 0.9: 0.32175 radians per step.
    assert drawn.axes[0].get_title(loc="left").endswith("expected 19.5")
    assert set(shown["direction"]) == {0}
    assert shown["position"].std() == pytest.approx(1, abs=0.15)
    assert shown["velocity"].std() == pytest.approx(1, abs=0.15)


def test_the_ellipse_holds_95_percent_of_the_steps() -> None:
    drawn, shown = draw([result("momentum")], PLAIN)
    ellipse = max(drawn.axes[0].lines, key=lambda line: len(line.get_xdata()) == 200)
    x, v = ellipse.get_data()
    # The quadratic form that is one on it.
    rows = np.stack([x**2, 2 * x * v, v**2], 1)
    a, b, c = np.linalg.lstsq(rows, np.ones(len(x)), rcond=None)[0]
    p, q = shown["position"], shown["velocity"]
    assert np.mean(a * p**2 + 2 * b * p * q + c * q**2 < 1) == pytest.approx(0.95, abs=0.03)

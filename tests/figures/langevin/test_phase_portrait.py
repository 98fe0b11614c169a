"""Positions and velocities."""

from example_figures import PLAIN
from example_langevin_results import result
from gradnoise.figures.langevin.phase_portrait import draw


def test_titles_say_the_period_and_the_portrait_is_the_sharpest_eigenvectors() -> None:
    drawn, shown = draw([result("plain"), result("momentum")], PLAIN)
    plain, heavy = (axes.get_title("left") for axes in drawn.axes[:2])
    assert plain.endswith("ηh = 0.5: no oscillation expected")
    # eta h = 0.1 and momentum 0.9: 0.32175 radians per step.
    assert heavy.endswith("expected 19.5")
    assert set(shown["direction"]) == {0}
    assert abs(shown.groupby("variant")["position"].std() - 1).max() < 1e-3

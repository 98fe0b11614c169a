"""Variances against curvatures."""

import pytest

from example_figures import PLAIN
from example_langevin_results import result
from gradnoise.figures.langevin.variance_against_curvature import draw, isotropic_law, relative


def test_the_isotropic_law_of_proportional_noise_is_proposition_2s() -> None:
    found = result("isotropic")
    # C = H / 2 of a single sample, batches of 8: eta / (2 B) s^2 with s^2 = 1/2.
    assert isotropic_law(found.eigenvectors, found) == pytest.approx(0.015 / 2 / 8 / 2)


def test_variances_and_errors_are_over_the_law() -> None:
    found = result("isotropic")
    rows, law = relative(found), 0.015 / 2 / 8 / 2
    assert list(rows["curvature"]) == sorted(rows["curvature"])
    sharp = found.eigenvectors.iloc[0]
    for name in ("variance", "variance_error", "predicted_variance", "continuous_variance"):
        assert rows[name].iloc[-1] == pytest.approx(sharp[name] / law)


def test_directions_that_move_are_drawn_apart() -> None:
    still, moving = (draw([result(name)], PLAIN) for name in ("plain", "moving"))
    keys = [[text.get_text() for text in one[0].legends[0].get_texts()] for one in (still, moving)]
    assert set(keys[1]) - set(keys[0]) == {"not stationary"}
    crosses = [line for line in moving[0].axes[0].lines if line.get_marker() == "X"]
    assert len(crosses[0].get_xdata()) == 4
    assert set(moving[1]["variant"]) == {"moving"}

"""Entropy production and the arrow of time of subspaces."""

import numpy as np
import pytest

from example_figures import PLAIN
from example_langevin_results import result
from gradnoise.figures.langevin.entropy_production import draw, rows_of


def test_rows_say_whether_all_directions_are_stationary() -> None:
    rows = rows_of([result("plain"), result("moving")])
    assert list(rows["stationary"]) == [True, False]
    for name in ("entropy_production", "predicted_entropy_production_error", "arrow_score"):
        assert rows[name][0] == result("plain").numbers[name]


def test_subspaces_that_move_are_crosses_with_a_key_of_their_own() -> None:
    still, both = (draw(rows_of(list(map(result, names))), PLAIN) for names in (["plain"], ["plain", "moving"]))  # fmt: skip
    keys = [[text.get_text() for text in drawn.legends[0].get_texts()] for drawn in (still, both)]
    assert set(keys[1]) - set(keys[0]) == {"some direction not stationary"}
    assert [tick.get_text() for tick in both.axes[0].get_yticklabels()] == ["plain", "moving"]


def test_points_are_the_numbers_in_thousandths() -> None:
    rows = rows_of([result("plain"), result("momentum")])
    left, right = draw(rows, PLAIN).axes
    drawn = np.concatenate([line.get_xdata() for line in left.lines if line.get_marker() == "o"])
    expected = 1000 * rows[["entropy_production", "predicted_entropy_production"]].to_numpy()
    assert sorted(drawn) == pytest.approx(sorted(expected.ravel()))
    amplitudes = next(line for line in right.lines if line.get_marker() == "o").get_xdata()
    assert list(amplitudes) == pytest.approx(list(rows["arrow_amplitude"]))
    assert right.texts[0].get_text() == f"z = {rows['arrow_score'][0]:.1f}"

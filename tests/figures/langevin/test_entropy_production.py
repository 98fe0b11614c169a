"""Entropy production of subspaces."""

from example_figures import PLAIN
from example_langevin_results import result
from gradnoise.figures.langevin.entropy_production import draw, rows_of


def test_rows_say_whether_all_directions_are_stationary() -> None:
    rows = rows_of([result("plain"), result("moving")])
    assert list(rows["stationary"]) == [True, False]
    assert rows["entropy_production"][0] == result("plain").numbers["entropy_production"]


def test_subspaces_that_move_are_crosses_with_a_name_of_their_own() -> None:
    drawn = draw(rows_of([result("plain"), result("moving")]), PLAIN)
    labels = drawn.axes[0].get_legend_handles_labels()[1]
    assert labels == [
        "plain: learning rate 0.1",
        "moving: learning rate 0.1 (not stationary)",
    ]

"""Lines of a panel, and what is written beside them."""

import numpy as np
import pandas as pd
import pytest

from example_figures import PLAIN
from gradnoise.figures import lines, style


def test_labels_are_moved_apart_and_no_further_than_needed():
    wanted = np.array([10.0, 11.0, 12.0, 40.0])
    placed = lines.spread(wanted, 8.0)
    assert np.diff(placed).min() >= 8.0 - 1e-9
    assert placed == pytest.approx([3.0, 11.0, 19.0, 40.0])


def test_names_stand_at_the_heights_of_their_last_points_in_their_colours():
    style.apply(PLAIN)
    _, (left, right) = style.figure(PLAIN, 3.0, ncols=2)
    left.set_ylim(0, 100)
    right.set_ylim(0, 50)
    entries = [("low", 10, "#111111"), ("none", np.nan, "k"), ("high", 40, "#222222")]
    lines.direct_labels({left: entries, right: entries[2:]})
    low, high = left.texts
    assert (low.get_text(), high.get_text()) == ("low", "high")
    assert (low.get_color(), high.get_color()) == ("#111111", "#222222")
    assert (low.xy[1], high.xy[1]) == pytest.approx((0.1, 0.4))
    assert [text.xy[1] for text in right.texts] == pytest.approx([0.8])


def test_intervals_are_bands_or_bars_within_the_percentages():
    rows = pd.DataFrame(
        {"x": [1, 2], "y": [50.0, 99.0], "y_lower": [40.0, 97.0], "y_upper": [60.0, 100.0]}
    )
    _, (left, right) = style.figure(PLAIN, 3.0, ncols=2)
    lines.with_interval(left, rows, "x", "y", "#123456", "o")
    lines.with_interval(right, rows, "x", "y", "#123456", "o", bars=True)
    band = left.collections[0].get_paths()[0].vertices
    assert (band[:, 1].min(), band[:, 1].max()) == (40, 100)
    bars = [segment[:, 1].tolist() for segment in right.collections[0].get_segments()]
    assert bars == [[40, 60], [97, 100]]
    assert list(left.lines[-1].get_ydata()) == [50, 99]


def test_where_an_interval_is_cut_a_triangle_marks_the_limit():
    rows = pd.DataFrame(
        {"x": [1, 2, 4], "y": [5.0, 50.0, 99.0], "y_lower": [0.0, 0.1, 97.0], "y_upper": [9, 99.9, 100.0]}
    )  # fmt: skip
    _, axes = style.figure(PLAIN, 3.0)
    lines.with_interval(axes, rows, "x", "y", "#123456", "o")
    marks = {line.get_marker(): line.get_xydata().tolist() for line in axes.lines[:-1]}
    assert marks == {"v": [[1, 0]], "^": [[4, 100]]}


def test_the_ceiling_is_drawn_at_its_height():
    _, axes = style.figure(PLAIN, 3.0)
    lines.ceiling(axes, 0.02)
    assert list(axes.lines[0].get_ydata()) == [98, 98]


def test_lines_stand_beside_each_other():
    assert [lines.dodge(place, 3) for place in range(3)] == [-1, 0, 1]
    assert lines.dodge(0, 1) == 0


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"unit": "seed", "n_seeds": 3, "n_repeats": 5}, "95 % interval over 3 training seeds"),
        (
            {"unit": "repeat", "n_seeds": 1, "n_repeats": 5},
            "95 % interval over 5 repeats of the draws",
        ),
        ({"unit": "repeat", "n_seeds": 1, "n_repeats": 1}, "one repeat: no interval"),
    ],
)
def test_intervals_name_their_unit(row, expected):
    assert lines.interval_note(pd.DataFrame([row])) == expected


def test_names_are_as_short_as_tells_them_apart():
    names = ["conv1", "a.0.q", "a.1.q", "a.1.k", "b.a.1.k", "block1.layer2"]
    assert lines.shortened(names) == {
        "conv1": "conv1",
        "a.0.q": "0.q",
        "a.1.q": "1.q",
        "a.1.k": "a.1.k",
        "b.a.1.k": "b.a.1.k",
        "block1.layer2": "layer2",
    }


def test_of_many_names_some_at_equal_distances_remain():
    names = [str(place) for place in range(9)]
    assert lines.thinned(names, 3) == ["0", "4", "8"]
    assert lines.thinned(names, 9) == names

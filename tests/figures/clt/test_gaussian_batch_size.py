"""B* and the noise scale with their intervals."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from example_figures import SETTINGS
from gradnoise.clt.gaussian_batch_size import LARGEST
from gradnoise.figures.clt import gaussian_batch_size

INF = float("inf")
# (value, lower, upper) of two layers, two epochs and two seeds.
STARS = {
    ("a", 0, 1): (100, 60, 300),
    ("a", 0, 2): (200, 90, INF),
    ("a", 5, 1): (INF, 500, INF),
    ("a", 5, 2): (400, 380, 410),
    ("b", 0, 1): (900, 700, 2000),
    ("b", 0, 2): (np.nan, np.nan, np.nan),
    ("b", 5, 1): (70, 1, 80),
    ("b", 5, 2): (130, 120, 140),
}
ROWS = pd.DataFrame(
    [
        {
            **{"layer": layer, "epoch": epoch, "seed": seed, "gaussian_batch_size": value},
            **{"gaussian_batch_size_lower": lower, "gaussian_batch_size_upper": upper},
            **{"noise_scale": 20.0 * (1 + place), "noise_scale_error": 1.0 + place},
        }
        for place, ((layer, epoch, seed), (value, lower, upper)) in enumerate(STARS.items())
    ]
)


def points(axes, markers="os"):
    return [line for line in axes.lines if line.get_marker() in markers]


def test_every_seed_is_a_point_with_its_interval():
    left, right = gaussian_batch_size.draw(ROWS, SETTINGS).axes
    stars = [each for each in STARS.values() if not np.isnan(each[0])]
    found = [line.get_ydata()[0] for line in points(left)]
    assert found == [min(value, LARGEST) for value, *_ in stars]
    ends = [tuple(each.get_segments()[0][:, 1]) for each in left.collections]
    assert ends == [(lower, min(upper, LARGEST)) for _, lower, upper in stars]
    scales = [each.get_segments()[0][:, 1] for each in right.collections]
    for place, segment in enumerate(scales):
        half = 1.959964 * (1 + place)
        assert segment == pytest.approx([20 * (1 + place) - half, 20 * (1 + place) + half])
    places = [line.get_xdata()[0] for line in points(left)]
    assert len(set(places)) == len(places)  # none hides another
    assert [round(place) for place in places] == [0, 0, 1, 1, 0, 1, 1]


def test_what_is_above_the_largest_is_open_and_what_reaches_above_has_a_triangle():
    left, right = gaussian_batch_size.draw(ROWS, SETTINGS).axes
    faces = {line.get_ydata()[0]: line.get_markerfacecolor() for line in points(left)}
    assert [value for value, face in faces.items() if face == "white"] == [LARGEST]
    triangles = points(left, "^")
    assert [line.get_ydata()[0] for line in triangles] == [LARGEST]
    assert round(triangles[0].get_xdata()[0]) == 0
    assert not points(right, "^")


def test_panels_are_as_high_as_what_they_show():
    left, right = gaussian_batch_size.draw(ROWS, SETTINGS).axes
    assert left.get_ylim()[1] > LARGEST
    assert right.get_ylim()[1] < 500
    assert any(set(line.get_ydata()) == {128} for line in right.lines)


def test_layers_that_are_too_many_for_colours_stand_on_the_axis():
    rows = pd.concat([ROWS.assign(layer=f"layer{k}") for k in range(9)])
    rows = rows.drop_duplicates(["layer", "epoch", "seed"])
    drawn = gaussian_batch_size.draw(rows, replace(SETTINGS, style={"width": 3.3}))
    first = drawn.axes[0]
    assert [text.get_text() for text in first.get_xticklabels()] == [f"layer{k}" for k in range(9)]
    labels = [text.get_text() for text in drawn.legends[0].texts]
    assert labels[:2] == ["epoch 0", "epoch 5"]

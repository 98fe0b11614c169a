"""Keys of figures."""

import numpy as np
import pandas as pd
import pytest

from example_figures import PLAIN
from gradnoise.figures import keys, style


def rows(lower=40.0, upper=60.0):
    return pd.DataFrame(
        {"p": [50.0], "p_lower": [lower], "p_upper": [upper], "unit": ["seed"], "n_seeds": [3]}
    )


def labels(handles):
    return [handle.get_label() for handle in handles]


@pytest.mark.parametrize(
    ("lower", "upper", "cut"),
    [(0.1, 99.9, False), (0.0, 90.0, True), (10.0, 100.0, True)],
)
def test_marks_of_cut_intervals_are_explained_where_there_are_some(lower, upper, cut):
    found = labels(keys.intervals(rows(lower, upper), "p"))
    assert found == [
        "95 % interval over 3 training seeds",
        *["interval cut at 0 or 100 %"] * cut,
    ]


def test_without_intervals_their_absence_is_said():
    one = rows(np.nan, np.nan).assign(unit="repeat", n_repeats=1)
    assert labels(keys.intervals(one, "p")) == ["one repeat: no interval"]


def test_the_ceiling_is_named_with_its_height():
    assert keys.ceiling(0.01).get_label() == "exactly Gaussian noise: 99 %"


@pytest.mark.parametrize(("width", "columns"), [(6.9, 2), (4.5, 2), (4.4, 1), (3.3, 1)])
def test_in_a_column_entries_stand_below_each_other(width, columns):
    style.apply(PLAIN)
    drawn, _ = style.figure(PLAIN, 3.0, width)
    keys.key(drawn, [keys.ceiling(0.01 * n) for n in (1, 2, 3)])
    assert drawn.legends[0]._ncols == columns

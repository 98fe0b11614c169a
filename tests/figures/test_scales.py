"""Scales of a panel."""

import re
from pathlib import Path

import pytest
from matplotlib.ticker import MaxNLocator

from example_figures import PLAIN
from gradnoise.figures import scales, style


@pytest.fixture
def axes():
    style.apply(PLAIN)
    return style.figure(PLAIN, 3.0)[1]


@pytest.mark.parametrize(("lowest", "bottom", "step"), [(13, 0, 20), (57, 50, 10), (83, 80, 5)])
def test_percentages_begin_at_a_tick_below_the_lowest(axes, lowest, bottom, step):
    scales.percentages(axes, lowest)
    ticks = axes.get_yticks()
    assert (ticks[0], ticks[1] - ticks[0], ticks[-1]) == (bottom, step, 100)
    low, high = axes.get_ylim()
    assert low < bottom
    assert high > 100


def test_every_batch_size_has_its_tick(axes):
    scales.batch_sizes(axes, [64, 16, 64, 1024])
    axes.figure.canvas.draw()
    assert [label.get_text() for label in axes.get_xticklabels()] == ["16", "64", "1024"]
    assert axes.get_xscale() == "log"
    assert axes.get_xlim() == pytest.approx((12.8, 1280))  # points at the ends stand free


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        ((0.9, 30), "1 2 5 10 20"),
        ((0.7, 900), "1 10 100"),
        ((0.0099, 1010), "0.01 0.1 1 10 100 1000"),
        ((0.0099, 10100), "10⁻² 10⁻¹ 10⁰ 10¹ 10² 10³ 10⁴"),
        ((0.0009, 20), "10⁻³ 10⁻² 10⁻¹ 10⁰ 10¹"),
        ((1.5e-5, 7e-4), "2×10⁻⁵ 5×10⁻⁵ 10⁻⁴ 2×10⁻⁴ 5×10⁻⁴"),
        ((8, 35), "8 10 20 30"),
        ((0.33, 0.47), "0.34 0.36 0.38 0.4 0.42 0.44 0.46"),
    ],
)
def test_all_ticks_of_a_logarithm_are_written_in_one_way(axes, ends, expected):
    scales.logarithm(axes.yaxis)
    axes.set_ylim(*ends)
    axes.figure.canvas.draw()
    pairs = zip(axes.get_yticks(), axes.get_yticklabels(), strict=True)
    shown = [label.get_text() for tick, label in pairs if ends[0] <= tick <= ends[1]]
    assert " ".join(shown) == expected
    assert (axes.get_yscale(), axes.get_xscale()) == ("log", "linear")


def test_panels_that_share_an_axis_are_labelled_alike():
    style.apply(PLAIN)
    drawn, panels = style.figure(PLAIN, 3.0, ncols=2, sharex=True)
    for axes in panels:
        axes.plot([2e-6, 3.0], [1, 2])
        scales.logarithm(axes.xaxis)
    drawn.canvas.draw()
    left, right = ([label.get_text() for label in axes.get_xticklabels()] for axes in panels)
    assert left == right
    assert "10⁻⁵" in left


@pytest.mark.parametrize(
    ("top", "power", "labels"),
    [
        (0.0048, "×10⁻³", ["0", "2", "4"]),
        (0.48, "", ["0.0", "0.2", "0.4"]),
        (4800, "×10³", ["0", "2", "4"]),
    ],
)
def test_a_power_that_all_ticks_share_is_said_once(axes, top, power, labels):
    scales.common_power(axes.yaxis)
    axes.set_ylim(0, top)
    axes.yaxis.set_major_locator(MaxNLocator(3))
    axes.figure.canvas.draw()
    assert axes.yaxis.get_offset_text().get_text() == power
    assert [label.get_text() for label in axes.get_yticklabels()][:3] == labels


def test_no_figure_draws_formulas():
    """They take ten times the time of text, and another font."""
    folder = Path(scales.__file__).parent
    assert not [path for path in folder.rglob("*.py") if "$" in path.read_text()]


def test_no_figure_has_another_logarithm():
    folder = Path(scales.__file__).parent
    others = {
        path.name
        for path in folder.rglob("*.py")
        if re.search(r"""scale(\(|=)["']log["'](?!, base=2)|loglog|semilog""", path.read_text())
    }
    assert not others

"""Scales of a panel."""

import pytest

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


def test_logarithms_are_written_out(axes):
    axes.set_yscale("log")
    axes.set_ylim(0.9, 30)
    scales.plain_logarithm(axes.yaxis)
    axes.figure.canvas.draw()
    low, high = axes.get_ylim()
    shown = [
        label.get_text()
        for tick, label in zip(axes.get_yticks(), axes.get_yticklabels(), strict=True)
        if low <= tick <= high
    ]
    assert shown == ["1", "2", "5", "10", "20"]


def test_powers_of_ten_are_written_out(axes):
    axes.set_yscale("log")
    axes.set_ylim(0.7, 900)
    scales.powers(axes.yaxis)
    axes.figure.canvas.draw()
    low, high = axes.get_ylim()
    pairs = zip(axes.get_yticks(), axes.get_yticklabels(), strict=True)
    assert [label.get_text() for tick, label in pairs if low <= tick <= high] == ["1", "10", "100"]

"""Sizes, colours and parameters that all figures share."""

from dataclasses import replace

import matplotlib as mpl
import pytest

from example_figures import PLAIN
from gradnoise.errors import InputError
from gradnoise.figures import style


def test_fonts_are_those_that_journals_accept_and_every_machine_has():
    style.apply(PLAIN)
    assert mpl.rcParams["pdf.fonttype"] == 42
    assert mpl.rcParams["font.sans-serif"] == ["DejaVu Sans"]
    assert mpl.rcParams["font.size"] == 8
    assert mpl.colors.same_color(mpl.rcParams["text.color"], style.INK)


def test_what_one_figure_sets_is_gone_in_the_next():
    style.apply(replace(PLAIN, style={"lines.linewidth": 5}))
    assert mpl.rcParams["lines.linewidth"] == 5
    style.apply(PLAIN)
    assert mpl.rcParams["lines.linewidth"] == 1.2


def test_unknown_parameters_are_named():
    with pytest.raises(InputError, match=r"lines\.colour.*no parameters of matplotlib"):
        style.apply(replace(PLAIN, style={"lines.colour": 1}))


def test_width_and_colours_follow_the_settings():
    settings = replace(PLAIN, style={"width": 3.3, "colours": ["#123456"]})
    assert style.apply(settings) == ["#123456"]
    drawn, _ = style.figure(settings, 2.0)
    assert tuple(drawn.get_size_inches()) == (3.3, 2.0)
    assert tuple(style.blank(PLAIN, 2.0).get_size_inches()) == (style.PAGE, 2.0)
    assert style.apply(PLAIN) == style.COLOURS


def test_ordered_colours_go_from_light_to_dark():
    lightness = [sum(mpl.colors.to_rgb(colour)) for colour in style.ramp(5)]
    assert lightness == sorted(lightness, reverse=True)
    assert len(set(style.ramp(5))) == 5
    assert len(style.ramp(1)) == 1


def test_lines_beyond_the_palette_begin_again():
    count = len(style.COLOURS)
    assert style.line_style(count, style.COLOURS) == style.line_style(0, style.COLOURS)
    assert style.line_style(1, style.COLOURS) == (style.COLOURS[1], style.MARKERS[1])


def test_panels_get_the_places_that_drawing_gives_them():
    style.apply(PLAIN)
    drawn, (left, right) = style.figure(PLAIN, 2.0, ncols=2)
    right.set_ylabel("in\nfour\nlines\nof text")
    before = right.get_position().width
    style.lay_out(drawn)
    placed = [*left.get_position().bounds, *right.get_position().bounds]
    drawn.canvas.draw()
    drawn_at = [*left.get_position().bounds, *right.get_position().bounds]
    assert placed == pytest.approx(drawn_at, abs=1e-3)
    assert abs(right.get_position().width - before) > 0.02

"""How all figures look: sizes of a two-column paper, 8-point type, colours safe for colour-blind readers.

Matplotlib's parameters stand in `gradnoise.mplstyle` beside this file.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure, FigureBase

from gradnoise.errors import InputError
from gradnoise.figures.settings import Settings

mpl.use("Agg")

SHEET = Path(__file__).with_name("gradnoise.mplstyle")

COLUMN = 3.3  # inches, one column of a two-column page

PAGE = 6.9  # inches, both columns

WIDE = 4.5  # inches from which panels stand beside each other

INK, GREY, FAINT = "#222222", "#6b6b6b", "#d9d9d9"

# Okabe and Ito's palette, the dark ones first; its yellow is too pale for lines on white.
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#222222"]

MARKERS = ["o", "s", "^", "D", "v", "P", "X"]


def apply(settings: Settings) -> list[str]:
    """Set matplotlib's parameters for a figure program; returns the colours to use.

    Args:
        settings: the figure's settings; `style.colours` replaces the palette, other entries of `style`
            whose names contain a point are matplotlib parameters (`lines.linewidth: 2`).
    """
    style = settings.style
    mpl.rcdefaults()
    plt.style.use(SHEET)
    parameters: Any = {name: value for name, value in style.items() if "." in name}
    unknown = set(parameters) - set(mpl.rcParams)
    if unknown:
        raise InputError(f"figures: found {sorted(unknown)}, no parameters of matplotlib")
    mpl.rcParams.update(parameters)
    return list(style.get("colours") or COLOURS)


def figure(settings: Settings, height: float, width: float = PAGE, **grid: Any) -> Any:
    """`plt.subplots` at `style.width` of the settings (inches) where given, else at `width`."""
    width = float(settings.style.get("width") or width)
    return plt.subplots(figsize=(width, height), **grid)


def blank(settings: Settings, height: float, width: float = PAGE) -> Figure:
    """An empty figure, for those that divide themselves; width as in `figure`."""
    width = float(settings.style.get("width") or width)
    return plt.figure(figsize=(width, height))


def width_of(settings: Settings) -> float:
    """Inches that a figure of the page's width gets."""
    return float(settings.style.get("width") or PAGE)


def side_by_side(settings: Settings, wanted: int) -> int:
    """Panels beside each other: all that are wanted on a page, one in a column, where 8-point text needs the width."""
    return wanted if width_of(settings) >= WIDE else 1


def is_wide(drawn: FigureBase) -> bool:
    """Whether a figure (or a strip across one) has room for panels, or entries of a key, beside each other."""
    whole = drawn.get_figure(root=True)
    assert whole is not None
    return bool(whole.get_figwidth() >= WIDE)


def lay_out(drawn: FigureBase) -> None:
    """Give panels and keys their places, as drawing would, without drawing."""
    whole = drawn.get_figure(root=True)
    assert isinstance(whole, Figure)
    engine = whole.get_layout_engine()
    if engine is not None:
        engine.execute(whole)


def name_panel(axes: Axes, place: int, title: str, **options: Any) -> None:
    """Letter and title of a panel, by its place from 0 in the order of reading."""
    letter = "abcdefghijklmnopqrstuvwxyz"[place]
    axes.set_title(f"{letter}  {title}".rstrip(), fontweight="bold", **options)


def ramp(count: int) -> list[str]:
    """Colours for an ordered quantity, light to dark along viridis, told apart by colour-blind readers."""
    places = np.linspace(0.92, 0.02, count) if count > 1 else np.array([0.1])
    return [mpl.colors.to_hex(mpl.colormaps["viridis"](0.9 * place)) for place in places]


def size_styles(sizes: Iterable[int]) -> dict[int, tuple[str, str]]:
    """Colour and marker of every batch size, from light to dark."""
    ordered = sorted(set(sizes))
    return {
        size: (colour, MARKERS[place % len(MARKERS)])
        for place, (size, colour) in enumerate(zip(ordered, ramp(len(ordered)), strict=True))
    }


def line_style(place: int, colours: Sequence[str]) -> tuple[str, str]:
    """Colour and marker of the line at a place."""
    return colours[place % len(colours)], MARKERS[place % len(MARKERS)]

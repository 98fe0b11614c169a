"""A figure's key: what bars, dashes and marks mean, said once, outside of all panels."""

from collections.abc import Mapping, Sequence
from typing import Literal

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.figure import FigureBase
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from gradnoise.figures import lines, style
from gradnoise.figures.published import Published


def key(figure: FigureBase, handles: Sequence[Artist], across: int = 2, narrow: int = 1) -> None:
    """Draw the key above the panels, in at most `across` columns: `narrow` in a figure of a column's width.

    Args:
        figure: whose layout is constrained.
        handles: with labels.
        across: columns where there is room for them.
        narrow: columns in a figure of a column's width, for short labels.
    """
    columns = min(across if style.is_wide(figure) else narrow, len(handles))
    figure.legend(
        handles=list(handles),
        loc="outside upper left",
        ncols=columns,
        columnspacing=1.4,
        labelspacing=0.25,
        borderpad=0.1,
    )


def ceiling(significance: float) -> Artist:
    """Of `lines.ceiling`."""
    label = f"exactly Gaussian noise: {100 * (1 - significance):g} %"
    return Line2D([], [], color=style.GREY, linewidth=0.8, linestyle=lines.DASHES, label=label)


def intervals(rows: pd.DataFrame, value: str, band: bool = False) -> list[Artist]:
    """Of the bars or bands of `lines.with_interval`, and of the marks where they were cut.

    Args:
        rows: that are drawn.
        value: the percentage's column.
        band: whether they are bands.
    """
    label = lines.interval_note(rows)
    if rows[f"{value}_lower"].isna().all():
        return [Line2D([], [], linestyle="none", label=label)]
    shown: list[Artist] = [
        Patch(color=style.GREY, alpha=0.3, linewidth=0, label=label)
        if band
        else Line2D([], [], color=style.GREY, linewidth=0.9, label=label)
    ]
    if (rows[f"{value}_lower"] <= 0).any() or (rows[f"{value}_upper"] >= 100).any():
        label = "interval cut at 0 or 100 %"
        shown.append(
            Line2D([], [], marker="^", **lines.CUT, color=style.GREY, linestyle="none", label=label)
        )
    return shown


def published(number: Published) -> Artist:
    """Of a number that the paper gives: a star for one layer, a dotted line for all of them."""
    if number.layer:
        return Line2D([], [], **lines.PUBLISHED, label=number.label)
    return Line2D([], [], color=style.INK, linewidth=0.9, linestyle=":", label=number.label)


def batch_sizes(
    looks: Mapping[int, tuple[str, str]], linestyle: Literal["-", "none"] = "-"
) -> list[Artist]:
    """Of lines or points that stand for batch sizes: size -> colour and marker."""
    return [
        Line2D(
            [],
            [],
            color=colour,
            marker=marker,
            linestyle=linestyle,
            markersize=3.2,
            label=f"batch size {size}",
        )
        for size, (colour, marker) in looks.items()
    ]

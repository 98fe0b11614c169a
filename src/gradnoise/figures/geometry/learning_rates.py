"""Steps to a fixed loss, by learning rate

Geometric mean over the seeds that choose the rate (lines); runs that never arrive count with the steps they were given
(dotted), and the mark is open where one of them did not. Stars: the seeds that are judged, at the best rate of each kind of
training.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from gradnoise import stage
from gradnoise.figures import keys, program, scales, style
from gradnoise.figures.geometry.arms import by_arm, key
from gradnoise.figures.settings import Settings
from gradnoise.tables.catalogue import read_table

STUDY = "training"


def draw(tables: Mapping[str, pd.DataFrame], settings: Settings) -> Figure:
    """A panel for every depth and q.

    Args:
        tables: `descents` and `arms`.
        settings: `style`.
    """
    colours = style.apply(settings)
    runs, given = tables["descents"], tables["arms"]["given"].iloc[0]
    panels = list(runs.groupby(["depth", "q"]))
    columns = style.side_by_side(settings, 2)
    lines = -(-len(panels) // columns)
    drawn, grid = style.figure(
        settings,
        0.6 + 1.9 * lines,
        ncols=columns,
        nrows=lines,
        squeeze=False,
        sharex=True,
        sharey=True,
    )
    for place, (axes, ((depth, q), rows)) in enumerate(zip(grid.flat, panels, strict=False)):
        for arm, mine in by_arm(rows):
            _arm(axes, mine, colours[arm], style.MARKERS[arm])
        axes.axhline(given, color=style.GREY, linewidth=0.8, linestyle=":")
        scales.logarithm(axes.xaxis, axes.yaxis)
        style.name_panel(axes, place, f"depth {depth}, q = {q:.3g}")
    for axes in grid.flat[len(panels) :]:
        axes.set_visible(False)
    for axes in grid[-1]:
        axes.set_xlabel("Learning rate")
    for axes in grid[:, 0]:
        axes.set_ylabel("Steps")
    star = Line2D([], [], color=style.INK, marker="*", linestyle="none", label="judged seeds")
    keys.key(drawn, [*key(colours, style.MARKERS), star], across=4)
    return drawn


def _arm(axes: Axes, rows: pd.DataFrame, colour: str, marker: str) -> None:
    chosen, judged = rows[rows["judged"] == 0], rows[rows["judged"] == 1]
    by_rate = chosen.groupby("learning_rate")
    steps = by_rate["steps"].agg(lambda each: float(np.exp(np.log(each.clip(lower=1)).mean())))
    axes.plot(steps.index, steps, color=colour, linewidth=1.0)
    whole = by_rate["arrived"].min() == 1
    for mask, face in ((whole, colour), (~whole, "white")):
        look: dict[str, Any] = {
            "markerfacecolor": face,
            "markeredgecolor": colour,
            "markeredgewidth": 0.8,
        }
        axes.plot(steps.index[mask], steps[mask], marker, markersize=3.5, **look)
    axes.plot(judged["learning_rate"], judged["steps"], "*", color=colour, markersize=5, alpha=0.7)


def main() -> None:
    """Draw the experiment's runs."""
    arguments = program.parse("Steps to a fixed loss, by learning rate.")
    tables = {
        name: read_table(arguments.tables / f"geometry_{name}.csv") for name in ("descents", "arms")
    }
    program.save(draw(tables, arguments.settings), arguments.output, tables["descents"])


if __name__ == "__main__":
    stage.run(main)

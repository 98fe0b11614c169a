"""Curvature follows the Jacobian

Networks at their initialisation, a point each. Left: the Fisher information's largest eigenvalue (Gaussian likelihood)
against the mean squared largest singular value of the Jacobian from inputs to outputs; the line has slope 1. Right: the
condition number of the Fisher information over its nonzero spectrum, bars from smallest to largest. Orthogonal weights and small
preactivations, near to isometry, are the flattest.
"""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from gradnoise import stage
from gradnoise.figures import keys, program, scales, style
from gradnoise.figures.settings import Settings
from gradnoise.tables.catalogue import read_table

STUDY = "initialisation"
WORDS = {"orthogonal": "orthogonal", "gaussian": "Gaussian"}


def draw(rows: pd.DataFrame, settings: Settings) -> Figure:
    """Two panels.

    Args:
        rows: of the table `initialisation`.
        settings: `style`.
    """
    colours = style.apply(settings)
    columns = style.side_by_side(settings, 2)
    drawn, grid = style.figure(
        settings, 0.7 + 2.5 * (2 // columns), ncols=columns, nrows=2 // columns, squeeze=False
    )
    left, right = grid.flat
    kinds = list(rows.groupby(["initialisation", "q"], sort=False))
    depths = sorted(rows["depth"].unique())
    for place, (_, mine) in enumerate(kinds):
        for depth, marker in zip(depths, style.MARKERS, strict=False):
            at = mine[mine["depth"] == depth]
            look: dict[str, Any] = {
                "color": colours[place % len(colours)],
                "marker": marker,
                "linestyle": "none",
            }
            left.plot(at["stretch"], at["fisher"], markersize=3, **look)
            _spread(right, place + 0.25 * depths.index(depth), at["condition"], look)
    _line(left, rows)
    scales.logarithm(left.xaxis, left.yaxis, right.yaxis)
    left.set_xlabel("Squared singular value of the Jacobian")
    left.set_ylabel("Fisher's largest eigenvalue")
    right.set_xticks(
        range(len(kinds)), [f"{WORDS[str(kind)]}\nq = {q:.3g}" for (kind, q), _ in kinds]
    )
    for place, (axes, name) in enumerate(((left, "Curvature"), (right, "Condition number"))):
        style.name_panel(axes, place, name)
    keys.key(drawn, _key(kinds, depths, colours), across=4, narrow=2)
    return drawn


def _spread(axes: Axes, place: float, values: pd.Series, look: dict[str, Any]) -> None:
    axes.vlines(place, values.min(), values.max(), color=look["color"], linewidth=0.9)
    axes.plot(place, values.median(), markersize=4, **look)


def _line(axes: Axes, rows: pd.DataFrame) -> None:
    ends = np.array([rows["stretch"].min(), rows["stretch"].max()])
    level = np.exp(np.mean(np.log(rows["fisher"]) - np.log(rows["stretch"])))
    axes.plot(ends, level * ends, color=style.GREY, linewidth=0.8, linestyle=":", zorder=1)


def _key(kinds: list, depths: list[int], colours: list[str]) -> list[Line2D]:
    found = [
        Line2D(
            [],
            [],
            color=colours[place % len(colours)],
            linewidth=2,
            label=f"{WORDS[kind]}, q = {q:.3g}",
        )
        for place, ((kind, q), _) in enumerate(kinds)
    ]
    for depth, marker in zip(depths, style.MARKERS, strict=False):
        mark = Line2D([], [], color=style.GREY, marker=marker, linestyle="none", markersize=3)
        mark.set_label(f"depth {depth}")
        found.append(mark)
    return found


def main() -> None:
    """Draw the experiment's networks."""
    arguments = program.parse("Curvature against the Jacobian.")
    rows = read_table(arguments.tables / "geometry_initialisation.csv")
    program.save(draw(rows, arguments.settings), arguments.output, rows)


if __name__ == "__main__":
    stage.run(main)

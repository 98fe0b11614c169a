"""Collapse at the critical temperature

Ensembles of SGD on networks of depth 0, 1 and 2 (points, 95 % intervals) against exact stationary laws (lines) as the
learning rate over the batch size rises: mean and variance of the product v, whose slope is 1. With one hidden layer the
mean vanishes at the critical temperature (dotted) and the variance falls from half of it on; without, it rises
throughout. On the right the growth of ln v near 0 at depth 1, measured and expected, against the exact threshold of
finite steps.
"""

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from gradnoise import stage
from gradnoise.figures import keys, program, scales, style
from gradnoise.figures.settings import Settings
from gradnoise.store.variables import NORMAL
from gradnoise.tables.catalogue import read_table

STUDY = "transition"


def draw(tables: Mapping[str, pd.DataFrame], settings: Settings) -> Figure:
    """Three panels.

    Args:
        tables: `transition` and `growth`.
        settings: `style`.
    """
    colours = style.apply(settings)
    columns = style.side_by_side(settings, 3)
    drawn, grid = style.figure(
        settings, 0.5 + 2.3 * (3 // columns), ncols=columns, nrows=3 // columns, squeeze=False
    )
    mean, variance, growth = grid.flat
    rows = tables["transition"]
    depths = sorted(rows["depth"].unique())
    for place, depth in enumerate(depths):
        mine = rows[rows["depth"] == depth].sort_values("ratio")
        look = style.line_style(place, colours)
        _against(mean, mine, "mean", look)
        _against(variance, mine, "variance", look)
    for axes in (mean, variance):
        axes.axvline(1, color=style.GREY, linewidth=0.8, linestyle=":")
        axes.set_xlabel("T / Tc")
    _growth(growth, tables["growth"], colours[1])
    scales.logarithm(variance.yaxis)
    for place, (axes, name) in enumerate(
        ((mean, "Mean of v"), (variance, "Variance of v"), (growth, "Growth of ln v near 0"))
    ):
        style.name_panel(axes, place, name)
    keys.key(drawn, _key(depths, colours))
    return drawn


def _against(axes: Axes, rows: pd.DataFrame, name: str, look: tuple[str, str]) -> None:
    colour, marker = look
    exact = rows[rows[f"exact_{name}"] > 0]
    axes.plot(exact["ratio"], exact[f"exact_{name}"], color=colour, linewidth=1.0, zorder=2)
    axes.errorbar(
        rows["ratio"], rows[name], NORMAL * rows[f"{name}_error"],
        fmt=marker, color=colour, elinewidth=0.7, markersize=3.5, zorder=3,
    )  # fmt: skip


def _growth(axes: Axes, rows: pd.DataFrame, colour: str) -> None:
    rows = rows.sort_values("ratio")
    axes.plot(rows["ratio"], 1e4 * rows["exact_growth"], color=colour, linewidth=1.0)
    axes.errorbar(
        rows["ratio"], 1e4 * rows["growth"], NORMAL * 1e4 * rows["growth_error"],
        fmt="s", color=colour, elinewidth=0.7, markersize=3.5,
    )  # fmt: skip
    axes.axhline(0, color=style.GREY, linewidth=0.8, linestyle=":")
    axes.axvline(1, color=style.GREY, linewidth=0.8, linestyle=":")
    axes.set_xlabel("T / exact threshold")
    axes.set_ylabel("per 10,000 steps")


def _key(depths: list[int], colours: list[str]) -> list[Line2D]:
    found = []
    for place, depth in enumerate(depths):
        colour, marker = style.line_style(place, colours)
        label = f"depth {depth}: SGD, exact law"
        found.append(Line2D([], [], color=colour, marker=marker, linewidth=1.0, label=label))
    return found


def main() -> None:
    """Draw the experiment's ensembles."""
    arguments = program.parse("Through the critical temperature.")
    names = ("transition", "growth")
    tables = {name: read_table(arguments.tables / f"balance_{name}.csv") for name in names}
    program.save(draw(tables, arguments.settings), arguments.output, tables["transition"])


if __name__ == "__main__":
    stage.run(main)

"""How far every layer rises with the batch size

A spine per layer through the share of its coordinates that pass the Shapiro-Wilk test at every batch size,
at the last measured epoch; constant coordinates, which cannot be tested, are left out. The dashed line is
what exactly Gaussian noise reaches: a layer whose spine ends there is Gaussian at the largest batch.
"""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gradnoise import stage
from gradnoise.figures import keys, lines, program, style
from gradnoise.figures.settings import Settings
from gradnoise.tables.catalogue import read_table

READS = ""
NEEDS = ("noise",)

VALUE = "percentage_testable"
ROWS, LOW_ROWS = 0.3, 0.17  # inches of a layer's row, in networks of a few layers and in deep ones
FEW = 12  # layers
TICK = 20  # points of a percentage between two ticks
SPREAD = 0.3  # of a row's height, to either side, over which its points are spread


def draw(rows: pd.DataFrame, settings: Settings) -> Figure:
    """Draw one run at one epoch: a panel per number of batches, a row per layer.

    Args:
        rows: aggregated rows of the run's weights at that epoch.
        settings: `significance`, `style`.
    """
    style.apply(settings)
    counts = sorted(rows["batches"].unique())
    layers = rows.drop_duplicates("parameter")
    across = style.side_by_side(settings, len(counts))
    height = ROWS if len(layers) <= FEW else LOW_ROWS
    drawn, panels = style.figure(
        settings,
        0.9 + (0.3 + height * len(layers)) * len(counts) / across,
        nrows=len(counts) // across,
        ncols=across,
        sharex=True,
        sharey=True,
        squeeze=False,
    )
    for place, (axes, count) in enumerate(zip(panels.flat, counts, strict=True)):
        _spines(axes, rows[rows["batches"] == count], list(layers["parameter"]))
        ceiling = 100 * (1 - settings.significance)
        axes.axvline(ceiling, color=style.GREY, linewidth=0.8, linestyle=lines.DASHES)
        style.name_panel(axes, place, f"n = {count} batches")
    # Deep networks lie in the upper half: the axis starts at the last tick below all of them.
    first = max(0.0, np.floor(np.nanmin(rows[[VALUE, f"{VALUE}_lower"]]) / TICK) * TICK)
    panels[0, 0].set_xticks(np.arange(first, 100.1, TICK))
    panels[0, 0].set_xlim(first - 0.02 * (100 - first), 100 + 0.02 * (100 - first))
    _layer_axis(panels[0, 0], layers)
    sizes = keys.batch_sizes(style.size_styles(rows["batch_size"]), linestyle="none")
    intervals = keys.intervals(rows, VALUE)
    keys.key(drawn, [*sizes, keys.ceiling(settings.significance), *intervals], across=3)
    drawn.supxlabel("Gaussian coordinates (%), constant ones left out", fontsize=8)
    return drawn


def _spines(axes: Axes, rows: pd.DataFrame, parameters: list[str]) -> None:
    """Points of every batch size with their intervals, joined layer by layer."""
    sizes = sorted(rows["batch_size"].unique())
    rows = rows.assign(
        place=[
            parameters.index(row["parameter"])
            + SPREAD * lines.dodge(sizes.index(row["batch_size"]), len(sizes))
            for _, row in rows.iterrows()
        ]
    )
    for _, layer in rows.groupby("parameter", sort=False):
        spine = layer.sort_values("batch_size")
        axes.plot(spine[VALUE], spine["place"], color=style.FAINT, linewidth=2.4, zorder=1)
    for size, (colour, marker) in style.size_styles(sizes).items():
        points = rows[rows["batch_size"] == size]
        lower, upper = points[f"{VALUE}_lower"], points[f"{VALUE}_upper"]
        for limit, cut, symbol in ((0, lower <= 0, "<"), (100, upper >= 100, ">")):
            at = points.loc[cut, "place"]
            if len(at):
                axes.plot(np.full(len(at), limit), at, symbol, **lines.CUT, color=colour)
        axes.hlines(
            points["place"], lower, upper, color=colour, linewidth=0.8, alpha=0.75, zorder=2
        )
        axes.plot(points[VALUE], points["place"], marker, color=colour, label=str(size), zorder=3)
    axes.grid(axis="x", color=style.FAINT, linewidth=0.4, zorder=0)
    axes.set_axisbelow(True)


def _layer_axis(axes: Axes, layers: pd.DataFrame) -> None:
    """A row per layer, the first on top, a rule between residual blocks."""
    axes.set_yticks(range(len(layers)), layers["layer"])
    axes.set_ylim(len(layers) - 0.4, -0.6)
    blocks = layers["block"].to_numpy()
    for panel in axes.figure.axes:
        panel.tick_params(axis="y", length=0)
        for place in np.flatnonzero(np.diff(blocks)):
            panel.axhline(place + 0.5, color=style.GREY, linewidth=0.6, linestyle=":", zorder=0.5)


def main() -> None:
    """Draw the run at its last epoch."""
    arguments = program.parse("How far every layer rises with the batch size.")
    settings = arguments.settings
    table = program.weights(read_table(arguments.tables / "gaussianity.csv"), settings.run)
    rows = table[table["epoch"] == table["epoch"].max()]
    program.save(draw(rows, settings), arguments.output, rows)


if __name__ == "__main__":
    stage.run(main)

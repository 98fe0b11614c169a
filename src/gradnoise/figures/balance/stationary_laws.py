"""Stationary laws: ensembles of SGD and exact densities

Histograms of the product v over the replicas of an ensemble (single samples as batches) and the exact densities (lines),
by depth and temperature; the slope is 1. The number is the Kolmogorov distance of the two. Densities are drawn as
their means over the bins.
"""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from gradnoise import stage
from gradnoise.figures import program, style
from gradnoise.figures.settings import Settings
from gradnoise.tables.catalogue import read_table

STUDY = "laws"

MOST = 4  # temperatures that a page has room for


def draw(tables: Mapping[str, pd.DataFrame], settings: Settings) -> Figure:
    """A panel for every depth and temperature.

    Args:
        tables: `laws` and `histograms`.
        settings: `style`.
    """
    colours = style.apply(settings)
    bins, laws = tables["histograms"], tables["laws"]
    depths = sorted(bins["depth"].unique())
    ratios = sorted(bins["ratio"].unique())
    shown = (
        ratios if len(ratios) <= MOST else [ratios[k * (len(ratios) - 1) // 3] for k in range(4)]
    )
    columns = style.side_by_side(settings, len(shown))
    rows = -(-len(depths) * len(shown) // columns)
    drawn, grid = style.figure(
        settings, 0.4 + 1.35 * rows, nrows=rows, ncols=columns, squeeze=False
    )
    for axes in grid.flat:
        axes.set_axis_off()
    panels = [(depth, ratio) for depth in depths for ratio in shown]
    for axes, (depth, ratio) in zip(grid.flat, panels, strict=False):
        here = bins[(bins["depth"] == depth) & (bins["ratio"] == ratio)]
        if here.empty:
            continue
        axes.set_axis_on()
        colour = colours[depths.index(depth) % len(colours)]
        axes.bar(
            here["lower"], here["density"], here["upper"] - here["lower"],
            align="edge", color=colour, alpha=0.35,
        )  # fmt: skip
        axes.plot((here["lower"] + here["upper"]) / 2, here["exact_density"], color=colour)
        axes.set_ylim(0, 1.25 * here["density"].max())
        row = laws[
            (laws["depth"] == depth) & (laws["ratio"] == ratio) & (laws["batch_size"] == 1)
        ].iloc[0]
        axes.set_title(f"depth {depth}, {ratio:g} Tc: {row['distance']:.3f}", fontsize=7)
    drawn.supxlabel("v", fontsize=8)
    drawn.supylabel("density", fontsize=8)
    return drawn


def main() -> None:
    """Draw the experiment's ensembles."""
    arguments = program.parse("Ensembles and exact laws.")
    names = ("laws", "histograms")
    tables = {name: read_table(arguments.tables / f"balance_{name}.csv") for name in names}
    program.save(draw(tables, arguments.settings), arguments.output, tables["histograms"])


if __name__ == "__main__":
    stage.run(main)

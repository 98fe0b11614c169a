"""Gaussian coordinates against batch size

Share of a layer's coordinates whose noise passes the Shapiro-Wilk test, per layer and batch size,
at the last measured epoch. The dashed line is what exactly Gaussian noise reaches. Constant
coordinates cannot be tested: they are left out first, and then counted as Gaussian, as the paper does;
where the two differ, lines may cross in one and not in the other. A star is a number that the paper gives.
"""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gradnoise import stage
from gradnoise.figures import keys, lines, program, published, scales, style
from gradnoise.figures.published import Published
from gradnoise.figures.settings import Settings
from gradnoise.tables.catalogue import read_table

READS = ""
NEEDS = ("noise",)

FEW = 8  # layers that can be told apart as lines


PAPER = "percentage_gaussian"
CONVENTIONS = {"percentage_testable": "constant ones left out", PAPER: "constant ones counted"}


def draw(rows: pd.DataFrame, settings: Settings) -> Figure:
    """Draw one run at one epoch: a panel per number of batches.

    Networks of a few layers have a line per layer over the batch size; deep ones have a line per batch size
    over the layers, with dividers between residual blocks.

    Where a layer has constant coordinates, which the paper counts as Gaussian, panels without them stand
    first.

    Args:
        rows: aggregated rows of the run's weights at that epoch.
        settings: `network`, `significance`, `style`.
    """
    colours = style.apply(settings)
    counts = sorted(rows["batches"].unique())
    values = list(CONVENTIONS) if (rows["share_dirac"] > 0).any() else [PAPER]
    deep = rows["parameter"].nunique() > FEW
    across = style.side_by_side(settings, len(counts) if not deep else len(values))
    grid = [(value, count) for value in values for count in counts]
    if deep:  # a number of batches a row, a convention a column
        grid = [(value, count) for count in counts for value in values]
    down = -(-len(grid) // across)
    drawn, panels = style.figure(
        settings,
        0.75 + (1.45 if deep else 1.8) * down,
        nrows=down,
        ncols=across,
        sharey=True,
        sharex=True,
        squeeze=False,
    )
    lowest = float(np.nanmin(rows[[*values, *(f"{value}_lower" for value in values)]]))
    number = published.number(settings.network, rows)
    for place, (axes, (value, count)) in enumerate(zip(panels.flat, grid, strict=True)):
        panel = rows[rows["batches"] == count]
        scales.percentages(axes, max(0.0, lowest))
        lines.ceiling(axes, settings.significance)
        convention = f", {CONVENTIONS[value]}" if len(values) > 1 else " batches"
        style.name_panel(axes, place, f"n = {count}{convention}", pad=14 if deep else None)
        if deep:
            _over_layers(axes, panel, value)
        else:
            _over_sizes(axes, panel, value, colours)
        if number and value == PAPER:
            _published(axes, panel, number)
    drawn.supylabel("Gaussian coordinates (%)", fontsize=8)
    drawn.supxlabel("Layer" if deep else "Batch size (samples)", fontsize=8)
    sizes = keys.batch_sizes(style.size_styles(rows["batch_size"])) if deep else []
    marks = [keys.published(number)] if number else []
    intervals = keys.intervals(rows, values[0], band=True)
    keys.key(drawn, [*sizes, keys.ceiling(settings.significance), *intervals, *marks])
    if not deep:
        shown = zip(panels.flat, grid, strict=True)
        named = {
            axes: _names(rows, *which, colours) for axes, which in shown if axes in panels[:, -1]
        }
        lines.direct_labels(named)
    return drawn


def _over_sizes(axes: Axes, rows: pd.DataFrame, value: str, colours: list[str]) -> None:
    for place, (_, layer) in enumerate(rows.groupby("parameter", sort=False)):
        colour, marker = style.line_style(place, colours)
        line = layer.sort_values("batch_size")
        lines.with_interval(axes, line, "batch_size", value, colour, marker)
    scales.batch_sizes(axes, rows["batch_size"])


def _names(rows: pd.DataFrame, value: str, count: int, colours: list[str]) -> list[lines.Entry]:
    """Name, last height and colour of every line of a panel."""
    largest = rows["batch_size"] == rows["batch_size"].max()
    last = rows[largest & (rows["batches"] == count)]
    return [
        (row["layer"], row[value], style.line_style(place, colours)[0])
        for place, (_, row) in enumerate(last.iterrows())
    ]


def _published(axes: Axes, rows: pd.DataFrame, number: Published) -> None:
    """The paper's number: a star at its batch size, or a line over all layers."""
    if not number.layer:
        axes.axhline(number.percentage, color=style.INK, linewidth=0.8, linestyle=":", zorder=1.5)
    elif (rows["batches"] == number.batches).all():
        axes.plot(number.batch_size, number.percentage, **lines.PUBLISHED, zorder=4)


def _over_layers(axes: Axes, rows: pd.DataFrame, value: str) -> None:
    layers = rows.drop_duplicates("parameter").reset_index(drop=True)
    position = pd.Series(layers.index + 1, index=layers["parameter"])
    for size, (colour, marker) in style.size_styles(rows["batch_size"]).items():
        line = rows[rows["batch_size"] == size].assign(place=lambda r: r["parameter"].map(position))
        lines.with_interval(axes, line, "place", value, colour, marker, markersize=2.2)
    _dividers(axes, layers)
    axes.set_xlim(0, len(layers) + 1)


def _dividers(axes: Axes, layers: pd.DataFrame) -> None:
    """A rule between residual blocks, their names above the panel."""
    blocks = layers["block"].to_numpy()
    for place in np.flatnonzero(np.diff(blocks)):
        axes.axvline(place + 1.5, color=style.GREY, linewidth=0.6, linestyle=":", zorder=0.5)
    for block in sorted(set(blocks) - {0}):
        places = np.flatnonzero(blocks == block) + 1
        axes.annotate(
            f"block {block}",
            (places.mean(), 1.0),
            (0, 4),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="center",
            color=style.GREY,
        )


def main() -> None:
    """Draw the run at its last epoch."""
    arguments = program.parse("Percentage of Gaussian coordinates against batch size.")
    settings = arguments.settings
    table = program.weights(read_table(arguments.tables / "gaussianity.csv"), settings.run)
    rows = table[table["epoch"] == table["epoch"].max()]
    program.save(draw(rows, settings), arguments.output, rows)


if __name__ == "__main__":
    stage.run(main)

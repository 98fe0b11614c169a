"""Gaussian coordinates against batch size

Share of a layer's coordinates whose noise passes the Shapiro-Wilk test, per layer and batch size,
at the last measured epoch. The dashed line is what exactly Gaussian noise reaches. Constant
coordinates cannot be tested; the paper counts them as Gaussian.
"""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gradnoise import stage
from gradnoise.figures import lines, program, scales, style
from gradnoise.figures.settings import Settings
from gradnoise.tables.catalogue import read_table

READS = ""
NEEDS = ("noise",)

FEW = 8  # layers that can be told apart as lines


CONVENTIONS = {
    "percentage_gaussian": "constant counted as Gaussian",
    "percentage_testable": "constant left out",
}


def draw(rows: pd.DataFrame, settings: Settings) -> Figure:
    """Draw one run at one epoch: a panel per number of batches.

    Networks of a few layers have a line per layer over the batch size; deep ones have a line per batch size
    over the layers, with dividers between residual blocks.

    Where a layer has constant coordinates, which the paper counts as Gaussian, panels without them stand
    beside.

    Args:
        rows: aggregated rows of the run's weights at that epoch.
        settings: `significance`, `style`.
    """
    colours = style.apply(settings)
    counts = sorted(rows["batches"].unique())
    values = list(CONVENTIONS)[: 1 + bool((rows["share_dirac"] > 0).any())]
    deep = rows["parameter"].nunique() > FEW
    across, down = (1, len(values) * len(counts)) if deep else (len(counts), len(values))
    drawn, panels = style.figure(
        settings,
        0.4 + (1.75 if deep else 2.1) * down,
        style.PAGE if deep else 1.2 + 2.85 * across,
        nrows=down,
        ncols=across,
        sharey=True,
        sharex=True,
        squeeze=False,
    )
    lowest = float(np.nanmin(rows[[*values, *(f"{value}_lower" for value in values)]]))
    for place, axes in enumerate(panels.flat):
        value, count = values[place // len(counts)], counts[place % len(counts)]
        panel = rows[rows["batches"] == count]
        scales.percentages(axes, lowest)
        lines.ceiling(axes, settings.significance, label=place == 0)
        title = f"n = {count}, {CONVENTIONS[value]}" if len(values) > 1 else f"n = {count} batches"
        above_blocks = 15 if deep and place == 0 else None
        axes.set_title(title, fontweight="bold", pad=above_blocks)
        if deep:
            _over_layers(axes, panel, value, legend=place == 0)
        else:
            _over_sizes(axes, panel, value, colours)
    for axes in panels[:, 0]:
        axes.set_ylabel("Gaussian coordinates (%)")
    if deep:
        panels[-1, 0].set_xlabel(f"Layer (bands: {lines.interval_note(rows)})")
    else:
        drawn.supxlabel(f"Batch size (samples); bars: {lines.interval_note(rows)}", fontsize=8)
        for line, value in zip(panels, values, strict=True):
            _name_lines(line[-1], rows[rows["batches"] == counts[-1]], value, colours)
    return drawn


def _over_sizes(axes: Axes, rows: pd.DataFrame, value: str, colours: list[str]) -> None:
    layers = rows.groupby("parameter", sort=False)
    for place, (_, layer) in enumerate(layers):
        colour, marker = style.line_style(place, colours)
        beside = layer["batch_size"] * 1.08 ** lines.dodge(place, len(layers))
        line = layer.assign(beside=beside).sort_values("batch_size")
        lines.with_interval(axes, line, "beside", value, colour, marker, bars=True)
    scales.batch_sizes(axes, rows["batch_size"])


def _name_lines(axes: Axes, rows: pd.DataFrame, value: str, colours: list[str]) -> None:
    last = rows[rows["batch_size"] == rows["batch_size"].max()]
    entries = [
        (row["layer"], row[value], style.line_style(place, colours)[0])
        for place, (_, row) in enumerate(last.iterrows())
    ]
    lines.direct_labels(axes, entries)


def _over_layers(axes: Axes, rows: pd.DataFrame, value: str, legend: bool) -> None:
    layers = rows.drop_duplicates("parameter").reset_index(drop=True)
    position = pd.Series(layers.index + 1, index=layers["parameter"])
    sizes = sorted(rows["batch_size"].unique())
    for size, colour, marker in zip(sizes, style.ramp(len(sizes)), style.MARKERS * 3, strict=False):
        line = rows[rows["batch_size"] == size].assign(place=lambda r: r["parameter"].map(position))
        lines.with_interval(
            axes, line, "place", value, colour, marker, label=str(size), markersize=2.8
        )
    _dividers(axes, layers, legend)
    axes.set_xlim(0, len(layers) + 1)
    if legend:
        axes.legend(
            title="Batch size",
            title_fontsize=7.5,
            loc="upper left",
            bbox_to_anchor=(1.0, 1.0),
            labelspacing=0.25,
        )


def _dividers(axes: Axes, layers: pd.DataFrame, label: bool) -> None:
    """A rule between residual blocks, their names above the first panel."""
    blocks = layers["block"].to_numpy()
    for place in np.flatnonzero(np.diff(blocks)):
        axes.axvline(place + 1.5, color=style.GREY, linewidth=0.6, linestyle=":", zorder=0.5)
    for block in sorted(set(blocks) - {0}):
        places = np.flatnonzero(blocks == block) + 1
        if label:
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

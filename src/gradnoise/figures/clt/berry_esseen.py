"""Bound and truth

Left: the Berry-Esseen bound (solid) and the exact distance that it bounds (dashed), medians with 5
to 95 % of coordinates. Right: third moment against the share that passes, growing with the batch
size. Of many layers, seven at equal distances.
"""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gradnoise import stage
from gradnoise.figures import lines, program, scales, style
from gradnoise.figures.settings import Settings
from gradnoise.tables import intervals
from gradnoise.tables.catalogue import read_table

READS = ""
NEEDS = (
    "noise",
    "moments",
    "own_training",
)

WITHOUT = "no moments of per-sample gradients in this run"
MOST = 7  # layers that can be told apart


def draw(bounds: pd.DataFrame, passing: pd.DataFrame, settings: Settings) -> Figure:
    """Left: bound, exact distance and Edgeworth's term. Right: rho, a spine at the share that passes.

    Args:
        bounds: rows of the table `clt`, means over seeds, of one epoch.
        passing: `layer`, `batch_size`, `percentage_testable` and the layer's quantiles of rho.
        settings: `significance`, `style`.
    """
    colours = style.apply(settings)
    drawn, (left, right) = style.figure(settings, 2.75, ncols=2)
    _distances(left, bounds, colours)
    _spines(right, passing, colours)
    lines.ceiling(right, settings.significance)
    return drawn


def _distances(axes: Axes, rows: pd.DataFrame, colours: list[str]) -> None:
    layers = list(rows["layer"].unique())
    for place, layer in enumerate(layers):
        line = rows[rows["layer"] == layer].sort_values("batch_size")
        colour, marker = style.line_style(place, colours)
        beside = line["batch_size"] * 1.07 ** lines.dodge(place, len(layers))
        for name, fill, dash in (("bound", colour, "-"), ("exact", "white", "--")):
            axes.vlines(
                beside,
                line[f"{name}_q05"],
                line[f"{name}_q95"],
                color=colour,
                linewidth=0.7,
                alpha=0.6,
            )
            axes.plot(
                beside,
                line[f"{name}_q50"],
                dash,
                color=colour,
                marker=marker,
                markerfacecolor=fill,
                markeredgewidth=0.8,
                markeredgecolor=colour,
                linewidth=0.9,
            )
    scales.batch_sizes(axes, rows["batch_size"])
    axes.set_yscale("log")
    axes.set_ylim(top=1.5)
    axes.set_xlabel("Batch size (samples)")
    axes.set_ylabel("Distance to the Gaussian (Kolmogorov)")
    axes.set_title("Bound (solid) and exact (dashed)", fontweight="bold")
    axes.grid(axis="y", color=style.FAINT, linewidth=0.4)
    axes.set_axisbelow(True)


def _spines(axes: Axes, rows: pd.DataFrame, colours: list[str]) -> None:
    layers = list(rows["layer"].unique())
    for place, layer in enumerate(layers):
        colour, _ = style.line_style(place, colours)
        line = rows[rows["layer"] == layer].sort_values("batch_size")
        height = line["percentage_testable"]
        axes.hlines(
            height, line["rho_q05"], line["rho_q95"], color=colour, linewidth=0.8, alpha=0.55
        )
        axes.plot(line["rho_q50"], height, color=colour, linewidth=0.8)
        sizes = np.linspace(2.2, 5.5, len(line))
        for (_, row), size in zip(line.iterrows(), sizes, strict=True):
            axes.plot(
                row["rho_q50"], row["percentage_testable"], "o", color=colour, markersize=size
            )
        axes.plot([], [], "o", color=colour, label=layer)
    axes.set_xscale("log")
    scales.percentages(axes)
    least, most = rows["batch_size"].min(), rows["batch_size"].max()
    axes.set_xlabel(rf"$\rho$ (5 to 95 % of coordinates); larger dots: batch {least} to {most}")
    axes.set_ylabel("Gaussian coordinates (%)")
    axes.set_title("Third moment and passing share", fontweight="bold")
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), handletextpad=0.2, labelspacing=0.25)


def main() -> None:
    """Draw the run at its last epoch."""
    arguments = program.parse("Berry-Esseen bounds and third moments.")
    run, folder = arguments.settings.run, arguments.tables
    table = read_table(folder / "clt.csv")
    if not (table["run"] == run).any():
        program.save_without_data(arguments, WITHOUT)
        return
    bounds = program.weights(table, run)
    layers = program.weights(read_table(folder / "layers.csv"), run)
    tested = program.weights(read_table(folder / "gaussianity.csv"), run)
    last = bounds["epoch"].max()
    bounds, layers, tested = (table[table["epoch"] == last] for table in (bounds, layers, tested))
    if bounds["bound_q50"].isna().all():
        program.save_without_data(arguments, WITHOUT)
        return
    chosen = lines.thinned(list(bounds["layer"].unique()), MOST)
    quantiles = [name for name in bounds if name[-4:-2] == "_q"]
    means = intervals.summarise(bounds, ["layer", "batch_size"], quantiles)
    tested = tested[tested["batches"] == tested["batches"].min()]
    rho = [name for name in layers if name.startswith("rho_")]
    passing = tested[["layer", "batch_size", "percentage_testable"]].join(
        layers.groupby("layer")[rho].mean(), on="layer"
    )
    means, passing = (table[table["layer"].isin(chosen)] for table in (means, passing))
    numbers = means.merge(passing, on=["layer", "batch_size"])
    program.save(draw(means, passing, arguments.settings), arguments.output, numbers)


if __name__ == "__main__":
    stage.run(main)

"""What the central limit theorem alone predicts

Pass rates predicted from skewness and kurtosis of one half of the per-sample gradients, against
those of mini-batches drawn from the other half; a point per layer and batch size, and single
coordinates in ten bins of the predicted probability.
"""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gradnoise import stage
from gradnoise.figures import program, style
from gradnoise.figures.settings import Settings
from gradnoise.tables import intervals
from gradnoise.tables.catalogue import read_table

READS = ""
NEEDS = (
    "noise",
    "moments",
    "stored_gradients",
)


def draw(cells: pd.DataFrame, bins: pd.DataFrame, settings: Settings) -> Figure:
    """Left: a point per layer and batch size. Right: coordinates in ten bins of the predicted probability.

    Args:
        cells: `layer`, `batch_size`, `batches`, `predicted_percentage`, `measured_percentage` with intervals.
        bins: `batches`, `bin`, `count`, `predicted_percentage`, `measured_percentage`, all layers together.
        settings: `style`.
    """
    colours = style.apply(settings)
    counts = sorted(cells["batches"].unique())
    drawn, panels = style.figure(settings, 2.4, ncols=len(counts) + 1)
    for axes, count in zip(panels, counts, strict=False):
        _cells(axes, cells[cells["batches"] == count], colours)
        axes.set_title(f"n = {count}", fontweight="bold")
        axes.set_xlabel("Predicted (%)")
    panels[0].set_ylabel("Measured on other samples (%)")
    if panels[0].get_legend_handles_labels()[0]:
        panels[0].legend(loc="upper left", handletextpad=0.2, labelspacing=0.2, borderpad=0.1)
    _bins(panels[-1], bins, counts, colours)
    return drawn


def _square(axes: Axes) -> None:
    axes.plot([0, 100], [0, 100], color=style.GREY, linewidth=0.8, linestyle=(0, (4, 2)), zorder=1)
    axes.set(xlim=(-3, 103), ylim=(-3, 103), xticks=range(0, 101, 25), yticks=range(0, 101, 25))
    axes.set_aspect("equal", adjustable="box")


def _cells(axes: Axes, rows: pd.DataFrame, colours: list[str]) -> None:
    _square(axes)
    for place, (layer, line) in enumerate(rows.groupby("layer", sort=False)):
        colour, marker = style.line_style(place, colours)
        low, high = (line[f"measured_percentage_{end}"].clip(0, 100) for end in ("lower", "upper"))
        axes.vlines(line["predicted_percentage"], low, high, color=colour, linewidth=0.7, alpha=0.6)
        axes.plot(
            line["predicted_percentage"],
            line["measured_percentage"],
            linestyle="none",
            marker=marker,
            color=colour,
            label=layer if rows["layer"].nunique() <= len(style.MARKERS) else None,
        )


def _bins(axes: Axes, rows: pd.DataFrame, counts: list[int], colours: list[str]) -> None:
    _square(axes)
    for place, count in enumerate(counts):
        line = rows[(rows["batches"] == count) & (rows["count"] > 0)]
        colour, marker = style.line_style(place, colours)
        axes.plot(
            line["predicted_percentage"],
            line["measured_percentage"],
            color=colour,
            marker=marker,
            label=f"n = {count}",
        )
    axes.set_title("Single coordinates, ten bins", fontweight="bold")
    axes.set_xlabel("Predicted (%)")
    axes.legend(loc="upper left", labelspacing=0.2, borderpad=0.1)


def pool(bins: pd.DataFrame) -> pd.DataFrame:
    """Bins of all layers and seeds together, weighted by their counts."""
    rows = bins[bins["count"] > 0]
    weighted = rows.assign(
        predicted=rows["count"] * rows["predicted_percentage"],
        measured=rows["count"] * rows["measured_percentage"],
    )
    total = weighted.groupby(["batches", "bin"])[["count", "predicted", "measured"]].sum()
    return (
        pd.DataFrame(
            {
                "count": total["count"],
                "predicted_percentage": total["predicted"] / total["count"],
                "measured_percentage": total["measured"] / total["count"],
            }
        )
        .reset_index()
        .sort_values(["batches", "bin"])
    )


def main() -> None:
    """Draw the run at its last epoch."""
    arguments = program.parse("Predicted against measured pass rates.")
    run, folder = arguments.settings.run, arguments.tables
    table = read_table(folder / "prediction.csv")
    if not (table["run"] == run).any():
        program.save_without_data(arguments, "no per-sample gradients were stored in this run")
        return
    table = program.weights(table, run)
    rows = table[(table["epoch"] == table["epoch"].max()) & (table["coordinates"] > 0)]
    names = ["predicted_percentage", "measured_percentage"]
    cells = intervals.summarise(rows, ["layer", "batch_size", "batches"], names)
    bins = program.weights(read_table(folder / "calibration_of_prediction.csv"), run)
    pooled = pool(bins[bins["epoch"] == bins["epoch"].max()])
    numbers = pd.concat({"cells": cells, "bins": pooled.replace(np.inf, np.nan)}, names=["panel"])
    drawn = draw(cells, pooled, arguments.settings)
    program.save(drawn, arguments.output, numbers.reset_index(level="panel"))


if __name__ == "__main__":
    stage.run(main)

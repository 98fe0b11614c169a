"""What the central limit theorem alone predicts

Pass rates predicted from skewness and kurtosis of one half of the per-sample gradients, against
those of mini-batches drawn from the other half; a point per layer and batch size, with the 95 % intervals of both, and single
coordinates in ten bins of the predicted probability. A prediction speaks of the coordinates that it covers: the last panel
shows how many of the testable ones these are. Open points: layers of which it covers less than half.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from scipy.special import stdtrit

from gradnoise import stage
from gradnoise.clt.columns import COVERED, GROUPS
from gradnoise.figures import keys, lines, program, scales, style
from gradnoise.figures.settings import Settings
from gradnoise.tables import intervals
from gradnoise.tables.catalogue import read_table

READS = ""
NEEDS = (
    "noise",
    "moments",
    "stored_gradients",
)

ENDS = ("lower", "upper")

Looks = Mapping[int, tuple[str, str]]


def draw(cells: pd.DataFrame, bins: pd.DataFrame, settings: Settings) -> Figure:
    """Layers and batch sizes for each number of batches, single coordinates, and the coverage.

    Args:
        cells: `layer`, `batch_size`, `batches`, `coverage`, `predicted_percentage` and `measured_percentage` with
            intervals.
        bins: `batches`, `bin`, `count`, `predicted_percentage`, `measured_percentage` with intervals, all layers.
        settings: `style`.
    """
    style.apply(settings)
    counts = sorted(cells["batches"].unique())
    panels = len(counts) + 2
    across = panels if style.width_of(settings) >= style.WIDE else 2
    down = -(-panels // across)
    drawn, grid = style.figure(settings, 0.9 + 1.75 * down, nrows=down, ncols=across, squeeze=False)
    *left, right, last = grid.ravel()[:panels]
    for axes in grid.ravel()[panels:]:
        axes.set_axis_off()
    looks = style.size_styles(cells["batch_size"])
    markers = _markers(list(cells["layer"].unique()))
    for place, (axes, count) in enumerate(zip(left, counts, strict=True)):
        style.name_panel(axes, place, f"n = {count}")
        _cells(axes, cells[cells["batches"] == count], looks, markers)
    style.name_panel(right, len(counts), "coordinates")
    _bins(right, bins)
    style.name_panel(last, len(counts) + 1, "coverage")
    _coverage(last, cells[cells["batches"] == counts[0]], looks, markers)
    for axes in (*left, right):
        axes.set_xlabel("Predicted (%)")
    for axes in grid[:, 0]:
        axes.set_ylabel("Measured (%)")
    keys.key(drawn, _key(cells, bins, looks, markers), 5, narrow=2)
    return drawn


def _markers(layers: list[str]) -> dict[str, str]:
    """A marker for each of few layers, one for all of many."""
    few = len(layers) <= len(style.MARKERS)
    return {layer: style.MARKERS[place] if few else "o" for place, layer in enumerate(layers)}


def _square(axes: Axes) -> None:
    axes.plot([0, 100], [0, 100], color=style.GREY, linewidth=0.8, linestyle=lines.DASHES, zorder=1)
    axes.set(xlim=(-3, 103), ylim=(-3, 103), xticks=range(0, 101, 50), yticks=range(0, 101, 50))
    axes.set_aspect("equal", adjustable="box")


def _cells(axes: Axes, rows: pd.DataFrame, looks: Looks, markers: Mapping[str, str]) -> None:
    _square(axes)
    for _, row in rows.iterrows():
        (x, *across), (y, *along) = (
            (row[name], *(row[f"{name}_{end}"] for end in ENDS))
            for name in ("predicted_percentage", "measured_percentage")
        )
        colour, _ = looks[row["batch_size"]]
        axes.plot(np.clip(across, 0, 100), [y, y], color=colour, linewidth=0.7)
        axes.plot([x, x], np.clip(along, 0, 100), color=colour, linewidth=0.7)
        _mark(axes, x, y, colour, markers[row["layer"]], row["coverage"])


def _mark(axes: Axes, x: float, y: float, colour: str, marker: str, coverage: float) -> None:
    face = colour if coverage >= COVERED else "white"
    axes.plot(x, y, marker, color=colour, markerfacecolor=face, markersize=3.2, mew=0.8, zorder=3)


def _bins(axes: Axes, bins: pd.DataFrame) -> None:
    _square(axes)
    for (count, line), (colour, marker) in zip(bins.groupby("batches"), _of_counts(), strict=False):
        x, y = line["predicted_percentage"], line["measured_percentage"]
        low, high = (line[f"measured_percentage_{end}"].clip(0, 100) for end in ENDS)
        axes.vlines(x, low, high, color=colour, linewidth=0.7)
        # An area for a number, so that a thousand coordinates and one do not look alike.
        axes.scatter(
            x, y, 2 + 10 * np.sqrt(line["count"] / bins["count"].max()), color=colour, marker=marker
        )
        axes.plot(x, y, color=colour, linewidth=0.8, label=f"n = {count}")


def _of_counts() -> tuple[tuple[str, str], ...]:
    return (style.INK, "o"), (style.GREY, "s"), (style.COLOURS[3], "D")


def _coverage(axes: Axes, rows: pd.DataFrame, looks: Looks, markers: Mapping[str, str]) -> None:
    for layer, line in rows.groupby("layer", sort=False):
        line = line.sort_values("batch_size")
        axes.plot(
            line["batch_size"], 100 * line["coverage"], color=style.FAINT, linewidth=0.7, zorder=1
        )
        for _, row in line.iterrows():
            colour, _ = looks[row["batch_size"]]
            height = 100 * row["coverage"]
            _mark(axes, row["batch_size"], height, colour, markers[str(layer)], row["coverage"])
    axes.axhline(100 * COVERED, color=style.GREY, linewidth=0.6, linestyle=":")
    axes.set_ylim(-3, 103)
    axes.set_yticks(range(0, 101, 50))
    scales.batch_sizes(axes, rows["batch_size"])
    if rows["batch_size"].nunique() > 3:
        axes.tick_params(axis="x", labelrotation=45)
    axes.set_xlabel("Batch size")
    axes.set_ylabel("With a prediction (%)")


def _key(
    cells: pd.DataFrame, bins: pd.DataFrame, looks: Looks, markers: Mapping[str, str]
) -> list[Artist]:
    layers = [
        Line2D([], [], color=style.INK, marker=marker, linestyle="none", label=layer)
        for layer, marker in markers.items()
    ]
    same = len(set(markers.values())) == 1 < len(markers)
    number = f"each of {len(markers)} layers"
    one = [Line2D([], [], color=style.INK, marker="o", linestyle="none", label=number)]
    sizes = [
        Line2D([], [], color=colour, linewidth=2.4, label=f"B = {size}")
        for size, (colour, _) in looks.items()
    ]
    of_counts = [
        Line2D(
            [], [], color=colour, marker=marker, linewidth=0.8, label=f"coordinates, n = {count}"
        )
        for count, (colour, marker) in zip(
            sorted(bins["batches"].unique()), _of_counts(), strict=False
        )
    ]
    bars = Line2D([], [], color=style.GREY, linewidth=0.7, label=lines.interval_note(cells))
    return [*sizes, *(one if same else layers), *of_counts, bars]


def with_prediction_errors(cells: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Of single networks repeats predict the same: the interval is over samples, by the prediction's own error.

    Args:
        cells: means with intervals, as `intervals.summarise` returns them.
        rows: of the table `prediction`, one per seed and repeat.
    """
    if (cells["unit"] == "seed").all():
        return cells
    key = ["layer", "batch_size", "batches"]
    squares = (rows.groupby([*key, "seed"])["predicted_error"].mean() ** 2).groupby(key)
    error = (np.sqrt(squares.sum()) / squares.count()).rename("error")
    half = stdtrit(GROUPS - 1, 0.975) * cells.join(error, on=key)["error"]
    middle = cells["predicted_percentage"]
    ends = {
        "predicted_percentage_lower": middle - half,
        "predicted_percentage_upper": middle + half,
    }
    return cells.assign(**ends)


def pool(bins: pd.DataFrame) -> pd.DataFrame:
    """Bins of all layers together, weighted by their counts, with intervals over the seeds."""
    rows = bins[bins["count"] > 0]
    names = ["predicted_percentage", "measured_percentage"]
    weighted = rows.assign(**{name: rows["count"] * rows[name] for name in names})
    by_seed = weighted.groupby(["batches", "bin", "seed"])[["count", *names]].sum().reset_index()
    total = by_seed.groupby(["batches", "bin"])[["count", *names]].sum()
    for name in names:
        by_seed[name] = by_seed[name] / by_seed["count"]
        total[name] = total[name] / total["count"]
    spread = intervals.summarise(by_seed, ["batches", "bin"], names[1:])
    half = (spread["measured_percentage_upper"] - spread["measured_percentage_lower"]) / 2
    half = half.set_axis(pd.MultiIndex.from_frame(spread[["batches", "bin"]]))
    for end, sign in zip(ENDS, (-1, 1), strict=True):
        total[f"measured_percentage_{end}"] = total["measured_percentage"] + sign * half
    return total.reset_index().sort_values(["batches", "bin"])


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
    names = ["predicted_percentage", "measured_percentage", "coverage"]
    cells = intervals.summarise(rows, ["layer", "batch_size", "batches"], names)
    cells = with_prediction_errors(cells, rows)
    cells["ratio"] = cells["measured_percentage"] / cells["predicted_percentage"]
    bins = program.weights(read_table(folder / "calibration_of_prediction.csv"), run)
    pooled = pool(bins[bins["epoch"] == bins["epoch"].max()])
    numbers = pd.concat({"cells": cells, "bins": pooled.replace(np.inf, np.nan)}, names=["panel"])
    drawn = draw(cells, pooled, arguments.settings)
    program.save(drawn, arguments.output, numbers.reset_index(level="panel"))


if __name__ == "__main__":
    stage.run(main)

"""Bound and truth

Above, a panel per layer: the Berry-Esseen bound and the exact distance that it bounds, medians with 5 to 95 % of
coordinates. Below, a panel per batch size: a spine for every layer, its third moments (5 to 95 %, a dot at the median)
at the share of its coordinates that passes; spines move to the right as batches grow. Of many layers, seven at equal
distances.
"""

from typing import Any

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure, FigureBase
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from gradnoise import stage
from gradnoise.figures import keys, lines, program, scales, style
from gradnoise.figures.settings import Settings
from gradnoise.tables import intervals
from gradnoise.tables.catalogue import read_table

READS = ""
NEEDS = (
    "noise",
    "moments",
    "own_training",
)

MOST = 7  # layers that can be told apart

ACROSS = {True: 5, False: 2}  # panels beside each other, on a page and in a column

WITHOUT = "no moments of per-sample gradients in this run"


def draw(bounds: pd.DataFrame, passing: pd.DataFrame, settings: Settings) -> Figure:
    """Draw one run at one epoch.

    Args:
        bounds: rows of the table `clt`, means over seeds, of one epoch.
        passing: `layer`, `batch_size`, `batches`, `percentage_testable` and the layer's quantiles of rho.
        settings: `significance`, `style`.
    """
    colours = style.apply(settings)
    names, sizes = list(bounds["layer"].unique()), sorted(passing["batch_size"].unique())
    across = ACROSS[style.width_of(settings) >= style.WIDE]
    down = [-(-len(each) // across) for each in (names, sizes)]
    drawn = style.blank(settings, 0.6 + 1.35 * sum(down))
    strips: Any = drawn.subfigures(2, 1, height_ratios=[down[0] + 0.35, down[1] + 0.35])
    above = _panels(strips[0], len(names), down[0], across)
    below = _panels(strips[1], len(sizes), down[1], across)
    looks = {name: style.line_style(place, colours) for place, name in enumerate(names)}
    for place, (axes, name) in enumerate(zip(above, names, strict=True)):
        colour, _ = looks[name]
        _distances(axes, bounds[bounds["layer"] == name], colour)
        style.name_panel(axes, place, name, color=colour)
    for place, (axes, size) in enumerate(zip(below, sizes, strict=True)):
        _spines(axes, passing[passing["batch_size"] == size], looks, settings.significance)
        style.name_panel(axes, len(names) + place, f"B = {size}")
    strips[0].supxlabel("Batch size (samples)", fontsize=8)
    strips[0].supylabel("Kolmogorov distance", fontsize=8)
    count = passing["batches"].iloc[0]
    strips[1].supxlabel(
        f"Coordinates that pass (%, n = {count}, constant ones left out)", fontsize=8
    )
    strips[1].supylabel("Third moment ρ", fontsize=8)
    capped = bool((bounds["bound_q95"] >= 1).any())
    keys.key(strips[0], _distance_key(capped), 4)
    keys.key(strips[1], _spine_key(settings.significance), 3)
    return drawn


def _panels(strip: FigureBase, count: int, down: int, across: int) -> list[Axes]:
    """Panels that share their axes; places that are left over stay empty."""
    grid = strip.subplots(down, across, sharex=True, sharey=True, squeeze=False).ravel()
    for axes in grid[count:]:
        axes.set_axis_off()
    for axes in grid[max(0, count - across) : count]:  # the last of every column has the ticks
        axes.tick_params(labelbottom=True)
    return list(grid[:count])


def _distances(axes: Axes, rows: pd.DataFrame, exact: str) -> None:
    line = rows.sort_values("batch_size")
    for name, colour, dash in (("bound", style.GREY, "--"), ("exact", exact, "-")):
        low, middle, high = (line[f"{name}_q{quantile}"] for quantile in ("05", "50", "95"))
        axes.fill_between(line["batch_size"], low, high, color=colour, alpha=0.22, linewidth=0)
        axes.plot(line["batch_size"], middle, dash, color=colour, marker="o", markersize=2.4)
    axes.axhline(1.0, color=style.FAINT, linewidth=0.8, zorder=0)
    scales.logarithm(axes.yaxis)
    axes.set_ylim(top=1.6)
    scales.batch_sizes(axes, rows["batch_size"])
    if rows["batch_size"].nunique() > 4:
        axes.tick_params(axis="x", labelrotation=45)
    axes.grid(axis="y", color=style.FAINT, linewidth=0.4)


def _distance_key(capped: bool) -> list[Artist]:
    mark: dict[str, Any] = {"marker": "o", "markersize": 2.4}
    shown: list[Artist] = [
        Line2D([], [], **mark, color=style.GREY, linestyle="--", label="bound, median"),
        Line2D([], [], **mark, color=style.INK, label="exact distance, median"),
        Patch(color=style.GREY, alpha=0.4, linewidth=0, label="5 to 95 % of coordinates"),
    ]
    if capped:
        shown.append(Line2D([], [], color=style.FAINT, label="1: no bound at all"))
    return shown


def _spines(
    axes: Axes, rows: pd.DataFrame, looks: dict[str, tuple[str, str]], significance: float
) -> None:
    for _, row in rows.iterrows():
        colour, marker = looks[row["layer"]]
        at = row["percentage_testable"]
        axes.vlines(at, row["rho_q05"], row["rho_q95"], color=colour, linewidth=1.1)
        axes.plot(at, row["rho_q50"], marker, color=colour, markersize=3.4)
    ceiling = 100 * (1 - significance)
    axes.axvline(ceiling, color=style.GREY, linewidth=0.8, linestyle=lines.DASHES, zorder=0)
    scales.logarithm(axes.yaxis)
    axes.set_xlim(-3, 103)
    axes.set_xticks(range(0, 101, 50))
    axes.grid(axis="y", color=style.FAINT, linewidth=0.4)
    axes.set_axisbelow(True)


def _spine_key(significance: float) -> list[Artist]:
    label = "a layer, coloured as above: 5, 50, 95 %"
    spine = Line2D([], [], color=style.INK, marker="o", linewidth=1.1, markersize=3.4, label=label)
    return [spine, keys.ceiling(significance)]


def main() -> None:
    """Draw the run at its last epoch."""
    arguments = program.parse("Berry-Esseen bounds and third moments.")
    run, folder = arguments.settings.run, arguments.tables
    bounds = read_table(folder / "clt.csv")
    if not (bounds["run"] == run).any():
        program.save_without_data(arguments, WITHOUT)
        return
    bounds = program.weights(bounds, run)
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
    rho = [name for name in layers if name.startswith("rho_q")]
    passing = tested[["layer", "batch_size", "batches", "percentage_testable"]].join(
        layers.groupby("layer")[rho].mean(), on="layer"
    )
    means, passing = (table[table["layer"].isin(chosen)] for table in (means, passing))
    numbers = means.merge(passing, on=["layer", "batch_size"])
    program.save(draw(means, passing, arguments.settings), arguments.output, numbers)


if __name__ == "__main__":
    stage.run(main)

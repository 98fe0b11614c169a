"""How all figures look: sizes of a two-column paper, 8-point type, colours safe for colour-blind readers."""

import argparse
import json
import logging
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from gradnoise.errors import InputError
from gradnoise.store.work_area import atomic

mpl.use("Agg")


logging.getLogger("fontTools").setLevel(logging.WARNING)


COLUMN = 3.3  # inches, one column of a two-column page


PAGE = 6.9  # inches, both columns


INK, GREY, FAINT = "#222222", "#6b6b6b", "#d9d9d9"


# Okabe and Ito's palette, the dark ones first; its yellow is too pale for lines on white.
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#222222"]


MARKERS = ["o", "s", "^", "D", "v", "P", "X"]


RC: dict[str, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib: the same figure on every machine
    "mathtext.fontset": "dejavusans",
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "legend.fontsize": 7.5,
    "axes.linewidth": 0.6,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "lines.linewidth": 1.2,
    "lines.markersize": 3.6,
    "lines.markeredgewidth": 0.0,
    "legend.frameon": False,
    "legend.handlelength": 1.6,
    "axes.titlelocation": "left",
    "axes.titlepad": 4,
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.h_pad": 0.03,
    "figure.constrained_layout.w_pad": 0.03,
    "pdf.fonttype": 42,
    "ps.fonttype": 42,
    "svg.hashsalt": "gradnoise",
}


def apply(settings: dict[str, Any]) -> list[str]:
    """Set matplotlib's parameters for a figure program; returns the colours to use.

    Args:
        settings: the figure's settings; `style.colours` replaces the palette, other entries of `style`
            whose names contain a point are matplotlib parameters (`lines.linewidth: 2`).
    """
    style = settings.get("style") or {}
    mpl.rcdefaults()
    mpl.rcParams.update(RC)  # type: ignore[arg-type]
    parameters: Any = {name: value for name, value in style.items() if "." in name}
    unknown = set(parameters) - set(mpl.rcParams)
    if unknown:
        raise InputError(f"figures: found {sorted(unknown)}, no parameters of matplotlib")
    mpl.rcParams.update(parameters)
    return list(style.get("colours") or COLOURS)


def figure(settings: dict[str, Any], height: float, width: float = PAGE, **grid: Any) -> Any:
    """`plt.subplots` at `style.width` of the settings (inches) where given, else at `width`."""
    width = float((settings.get("style") or {}).get("width") or width)
    return plt.subplots(figsize=(width, height), **grid)


def blank(settings: dict[str, Any], height: float, width: float = PAGE) -> Figure:
    """An empty figure, for those that divide themselves; width as in `figure`."""
    width = float((settings.get("style") or {}).get("width") or width)
    return plt.figure(figsize=(width, height))


def ramp(count: int) -> list[str]:
    """Colours for an ordered quantity, dark to light along viridis, told apart by colour-blind readers."""
    places = np.linspace(0.92, 0.02, count) if count > 1 else np.array([0.1])
    return [mpl.colors.to_hex(mpl.colormaps["viridis"](0.9 * place)) for place in places]


def save(drawn: Figure, output: Path, numbers: pd.DataFrame) -> None:
    """Write `output` (PDF), and beside it the PNG (300 dpi) and the CSV of what is shown.

    No file holds a date, so the same numbers give the same bytes.
    """
    with atomic(output.with_suffix(".csv")) as path:
        numbers.to_csv(path, index=False)
    with atomic(output.with_suffix(".png")) as path:
        drawn.savefig(path, dpi=300, metadata={"Software": None})
    drawn.set_layout_engine("none")  # it is found: the PDF need not look for it again
    with atomic(output.with_suffix(".pdf")) as path:
        drawn.savefig(path, metadata={"CreationDate": None, "ModDate": None})
    plt.close(drawn)


def save_without_data(arguments: argparse.Namespace, reason: str) -> None:
    """Write a figure that says why it shows nothing: what a run could store is known only once it has run."""
    apply(arguments.settings)
    drawn, axes = figure(arguments.settings, 0.6)
    axes.set_axis_off()
    axes.text(0.5, 0.5, f"Nothing to show: {reason}", ha="center", va="center", color=GREY)
    save(drawn, arguments.output, pd.DataFrame({"reason": [reason]}))


def ceiling(axes: Axes, significance: float, label: bool = True) -> None:
    """Draw what exactly Gaussian noise reaches: the test rejects its share at random."""
    height = 100 * (1 - significance)
    axes.axhline(height, color=GREY, linewidth=0.8, linestyle=(0, (4, 2)), zorder=1.5)
    if label:
        axes.annotate(
            f"exactly Gaussian noise: {height:g} %",
            (0.0, height),
            (2, 1.5),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            fontsize=7,
            color=GREY,
            va="bottom",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6},
            zorder=0.9,
        )


def percentage_axis(axes: Axes, lowest: float = 0.0) -> None:
    """Percentages from `lowest` (rounded down to a tick) to 100, with room for the ceiling's label."""
    step = 20 if lowest < 40 else 10 if lowest < 75 else 5
    bottom = max(0.0, np.floor(lowest / step) * step)
    axes.set_ylim(bottom - 0.02 * (100 - bottom), 100 + 0.02 * (100 - bottom))
    axes.set_yticks(np.arange(bottom, 100.1, step))
    axes.grid(axis="y", color=FAINT, linewidth=0.4, zorder=0)
    axes.set_axisbelow(True)


def plain_logarithm(axis: Axis) -> None:
    """Ticks at 1, 2 and 5 times powers of ten, written out, on a logarithmic axis."""
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_locator(NullLocator())


def size_axis(axes: Axes, sizes: Iterable[int]) -> None:
    """Batch sizes on a logarithmic axis, a tick at every size measured."""
    sizes = sorted(set(sizes))
    axes.set_xscale("log", base=2)
    axes.set_xticks(sizes)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0f}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlim(sizes[0] / 1.25, sizes[-1] * 1.25)


def line(
    axes: Axes, rows: pd.DataFrame, x: str, y: str, colour: str, marker: str, **options: Any
) -> None:
    """A line with markers and its 95 % interval as a band, or as bars where `bars=True`."""
    lower, upper = rows[f"{y}_lower"].clip(0, 100), rows[f"{y}_upper"].clip(0, 100)
    if options.pop("bars", False):
        axes.vlines(rows[x], lower, upper, color=colour, linewidth=0.8, alpha=0.75, zorder=2)
    else:
        axes.fill_between(rows[x], lower, upper, color=colour, alpha=0.16, linewidth=0, zorder=1)
    axes.plot(rows[x], rows[y], color=colour, marker=marker, zorder=3, **options)


def dodge(place: int, count: int) -> float:
    """Offset of one of `count` lines, -1 to 1, so that their bars stand beside each other."""
    return 2 * place / (count - 1) - 1 if count > 1 else 0.0


def direct_labels(axes: Axes, entries: Sequence[tuple[str, float, str]], gap: float = 9.0) -> None:
    """Write each line's name in its colour to the right of its last point, moved apart where they meet.

    Args:
        entries: name, height of the last point (data units) and colour of every line.
        gap: least distance of two names in points.
    """
    axes.figure.canvas.draw()  # constrained layout decides the axes' height
    points = axes.get_window_extent().height * 72 / axes.figure.dpi
    order = sorted(
        (entry for entry in entries if np.isfinite(entry[1])), key=lambda entry: entry[1]
    )
    # In fractions of the axes' height, whatever their scale.
    place_of = axes.transScale + axes.transLimits
    wanted = np.array([place_of.transform((1, height))[1] * points for _, height, _ in order])
    placed = spread(wanted, gap)
    placed -= max(0.0, placed[-1] - points) if len(placed) else 0.0
    for (name, _, colour), place in zip(order, placed, strict=True):
        axes.annotate(
            name,
            (1.0, place / points),
            (4, 0),
            xycoords="axes fraction",
            textcoords="offset points",
            color=colour,
            fontsize=7.5,
            va="center",
            annotation_clip=False,
        )


def spread(wanted: np.ndarray, gap: float) -> np.ndarray:
    """Places nearest to the `wanted` ones (ascending) that are at least `gap` apart.

    Least squares under an order constraint: pool neighbours that are too near and centre each pool.
    """
    pools: list[list[float]] = []  # sum of (wanted - own offset), count
    for place, height in enumerate(wanted):
        pools.append([height - place * gap, 1.0])
        while len(pools) > 1 and pools[-2][0] / pools[-2][1] > pools[-1][0] / pools[-1][1]:
            total, count = pools.pop()
            pools[-1] = [pools[-1][0] + total, pools[-1][1] + count]
    means = [total / count for total, count in pools for _ in range(int(count))]
    return np.array(means) + gap * np.arange(len(wanted))


def look(place: int, colours: Sequence[str]) -> tuple[str, str]:
    """Colour and marker of the line at a place."""
    return colours[place % len(colours)], MARKERS[place % len(MARKERS)]


def spread_note(rows: pd.DataFrame) -> str:
    """What the bands are, in words, with the unit that varies."""
    row = rows.iloc[0]
    if row["unit"] == "seed":
        return f"95 % interval over {row['n_seeds']} training seeds"
    if row["n_repeats"] > 1:
        return f"95 % interval over {row['n_repeats']} repeats of the draws"
    return "one repeat: no interval"


def weights(table: pd.DataFrame, run: str) -> pd.DataFrame:
    """A run's rows of convolution and linear weights.

    Raises:
        InputError: where the table has none.
    """
    rows = table[(table["run"] == run) & (table["kind"] == "weight")]
    rows = rows[rows["operation"].isin(["convolution", "linear"])]
    if rows.empty:
        raise InputError(
            f"figures: run {run!r} has no weights in the tables; runs: {sorted(set(table['run']))}"
        )
    return rows


def parse(description: str, tables: bool = True, layers: bool = False) -> argparse.Namespace:
    """Command line of a figure: settings, tables and, for some, per-layer files.

    Tables or files that a figure does not need are accepted, so that all figures are called alike.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--settings", type=json.loads, required=True)
    parser.add_argument("--source", default="")
    parser.add_argument("--tables", type=Path, required=tables)
    parser.add_argument("--layers", type=Path, nargs="*", default=[], required=layers)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--output", type=Path, required=True)
    return parser.parse_args()

"""When is the noise Gaussian?

B*: the smallest batch size that brings 90 % of a layer's coordinates that are not constant within 0.01 (Kolmogorov
distance, exact) of the Gaussian, with its 95 % interval over the choice of coordinates; beside it the gradient noise scale
with its 95 % interval over the samples. A point for every training seed. What lies above the largest batch size that was
looked at stands on the line at the top.
"""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from gradnoise import stage
from gradnoise.clt.gaussian_batch_size import LARGEST
from gradnoise.figures import keys, lines, program, style
from gradnoise.figures.settings import Settings
from gradnoise.store.variables import NORMAL
from gradnoise.tables.catalogue import read_table

READS = ""
NEEDS = (
    "noise",
    "moments",
    "own_training",
    "stored_gradients",
)

FEW = 8  # layers that can be told apart as colours

PANELS = {"gaussian_batch_size": "B*", "noise_scale": "Noise scale tr C / |G|²"}


def draw(rows: pd.DataFrame, settings: Settings) -> Figure:
    """Draw the layers of one run: by epoch, layers in colours; deep networks by layer, epochs in colours.

    Args:
        rows: of the table `layers`, all epochs and seeds of the run's weights.
        settings: `training_batch_size`, `style`.
    """
    colours = style.apply(settings)
    rows = with_intervals(rows)
    deep = rows["layer"].nunique() > FEW
    across = style.side_by_side(settings, 1 if deep else 2)
    x, series = ("layer", "epoch") if deep else ("epoch", "layer")
    places = {value: place for place, value in enumerate(rows[x].unique())}
    names = list(rows[series].unique())
    ramp = style.ramp(len(names))
    looks = {
        name: (ramp[place], style.MARKERS[place % len(style.MARKERS)])
        if deep
        else style.line_style(place, colours)
        for place, name in enumerate(names)
    }
    drawn, panels = style.figure(
        settings, 0.75 + 2.0 * (2 // across), nrows=2 // across, ncols=across, squeeze=False
    )
    for place, (axes, (name, title)) in enumerate(zip(panels.flat, PANELS.items(), strict=True)):
        style.name_panel(axes, place, title)
        axes.axhline(settings.training_batch_size, color=style.GREY, linewidth=0.8, linestyle=":")
        for row in rows.to_dict("records"):
            at = places[row[x]] + 0.36 * _offset(rows, names, row, series)
            value, lower, upper = (float(row[f"{name}{end}"]) for end in ("", "_lower", "_upper"))
            _point(axes, at, (value, lower, upper), looks[row[series]])
        columns = [name, f"{name}_lower", f"{name}_upper"]
        _scale(axes, list(places), rows[columns], settings.training_batch_size)
        if deep:
            axes.tick_params(axis="x", labelrotation=90)
    drawn.supylabel("Batch size (samples)", fontsize=8)
    drawn.supxlabel("Layer" if deep else "Epoch", fontsize=8)
    keys.key(drawn, _key(looks, "epoch " if deep else "", settings.training_batch_size), 4)
    return drawn


def with_intervals(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with the ends of the noise scale's interval."""
    half = NORMAL * rows["noise_scale_error"]
    lower, upper = rows["noise_scale"] - half, rows["noise_scale"] + half
    return rows.assign(noise_scale_lower=lower, noise_scale_upper=upper)


def _offset(
    rows: pd.DataFrame, names: list[Any], row: Mapping[Hashable, Any], series: str
) -> float:
    """Points of one place stand beside each other, -1 to 1: series by series, seeds within."""
    seeds = sorted(rows["seed"].unique())
    place = names.index(row[series]) * len(seeds) + seeds.index(row["seed"])
    return lines.dodge(place, len(names) * len(seeds))


def _point(
    axes: Axes, at: float, measured: tuple[float, float, float], look: tuple[str, str]
) -> None:
    """One value with the ends of its interval; an open mark at the top where it is above the largest."""
    value, lower, upper = measured
    if np.isnan(value):
        return
    colour, marker = look
    if not np.isnan(lower):
        low, high = np.clip([lower, upper], 1.0, LARGEST)
        axes.vlines(at, low, high, color=colour, linewidth=0.9)
    face = "white" if value > LARGEST else colour
    height = np.clip(value, 1.0, LARGEST)
    axes.plot(at, height, marker, color=colour, markerfacecolor=face, markersize=3.4, mew=0.8)
    if upper > LARGEST >= value:
        axes.plot(at, LARGEST, "^", color=colour, markersize=3.4)


def _scale(axes: Axes, names: list[str], values: pd.DataFrame, training: int) -> None:
    """As high and low as what is drawn, in powers of two; a line at the largest where something stands on it."""
    drawn = np.append(values.to_numpy(float).ravel(), training)
    drawn = np.clip(drawn[~np.isnan(drawn)], 1.0, LARGEST)
    axes.set_yscale("log", base=2)
    axes.set_ylim(drawn.min() / 1.8, drawn.max() * 1.8)
    if drawn.max() == LARGEST:
        axes.axhline(LARGEST, color=style.FAINT, linewidth=0.8, zorder=0)
    powers = np.arange(np.ceil(np.log2(drawn.min() / 1.8)), np.log2(drawn.max() * 1.8))
    axes.set_yticks(2.0 ** powers[powers % (2 if powers.size > 6 else 1) == 0])
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_xticks(range(len(names)), [str(name) for name in names])
    axes.set_xlim(-0.6, len(names) - 0.4)
    axes.grid(axis="y", color=style.FAINT, linewidth=0.4)
    axes.set_axisbelow(True)


def _key(looks: dict[str, tuple[str, str]], kind: str, training: int) -> list[Artist]:
    top = f"above {LARGEST:,} (open), interval reaches above (triangle)"
    return [
        *(
            Line2D([], [], color=colour, marker=marker, linestyle="none", label=f"{kind}{name}")
            for name, (colour, marker) in looks.items()
        ),
        Line2D([], [], color=style.GREY, linewidth=0.9, label="95 % interval"),
        Line2D([], [], color=style.FAINT, linewidth=0.8, label=top),
        Line2D(
            [], [], color=style.GREY, linestyle=":", linewidth=0.8, label=f"training: {training}"
        ),
    ]


def main() -> None:
    """Draw all epochs of the run."""
    arguments = program.parse("Batch size at which the noise is Gaussian.")
    rows = program.weights(read_table(arguments.tables / "layers.csv"), arguments.settings.run)
    if rows["gaussian_batch_size"].isna().all():
        program.save_without_data(arguments, "no per-sample gradients were stored in this run")
        return
    program.save(draw(rows, arguments.settings), arguments.output, with_intervals(rows))


if __name__ == "__main__":
    stage.run(main)

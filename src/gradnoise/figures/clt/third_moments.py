"""Third moments

Standardised third absolute moment of the per-sample gradients: all coordinates of each layer, with
median, quartiles and 5 to 95 %. It is at least 1 by Jensen's inequality; values below 1 in the
paper must be scaled otherwise, so layers are compared by order.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter
from scipy.special import gamma

from gradnoise import stage
from gradnoise.clt.results import read_third_moments
from gradnoise.figures import program, style
from gradnoise.figures.settings import Settings
from gradnoise.store.variables import QUANTILES
from gradnoise.tables.catalogue import weights

READS = "clt"
NEEDS = (
    "noise",
    "moments",
    "own_training",
)

GAUSSIAN = 2**1.5 * gamma(2) / np.sqrt(np.pi)  # rho of a Gaussian, 1.596

ABOUT = ("parameter", "layer", "kind", "operation", "block", "index", "seed", "epoch")

LONG = 12  # letters of a layer's name that find room below it

SHOWN = (1, 2, 11, 12, 15, 16)  # layers of a residual network's third block that the paper shows


def read(paths: Sequence[Path]) -> pd.DataFrame:
    """Every coordinate of every layer that has moments: parameter, layer, block, index, coordinate, rho."""
    frames = []
    for path in paths:
        found = read_third_moments(path)
        if found is None:
            continue
        about = {name: found.attributes[name] for name in ABOUT}
        frames.append(pd.DataFrame({**about, "coordinate": found.coordinate, "rho": found.rho}))
    if not frames:
        return pd.DataFrame()
    rows = weights(pd.concat(frames, ignore_index=True))
    deep = (rows["block"] == 3) & rows["index"].isin(SHOWN)
    return rows[deep] if deep.any() else rows


def draw(rows: pd.DataFrame, settings: Settings) -> Figure:
    """Draw what `read` returned: a violin of log rho per layer with median and quartiles."""
    colours = style.apply(settings)
    layers = list(rows["layer"].unique())
    drawn, axes = style.figure(settings, 2.6, max(style.COLUMN, 0.6 + 0.65 * len(layers)))
    for place, layer in enumerate(layers):
        values = rows.loc[rows["layer"] == layer, "rho"].dropna().to_numpy()
        if not values.size:
            axes.text(place, 1.1, "all constant", ha="center", fontsize=7, color=style.GREY)
            continue
        colour, _ = style.line_style(place, colours)
        logs = np.log10(values)
        if np.ptp(logs) > 1e-6 and values.size > 2:
            body = axes.violinplot(logs, [place], widths=0.85, showextrema=False)["bodies"][0]
            body.set(facecolor=colour, alpha=0.35, linewidth=0)
        low, first, median, third, high = np.percentile(logs, QUANTILES)
        axes.vlines(place, low, high, color=colour, linewidth=0.8)
        axes.vlines(place, first, third, color=colour, linewidth=3)
        axes.plot(place, median, "o", color="white", markersize=2.6, zorder=3)
    axes.axhline(np.log10(GAUSSIAN), color=style.GREY, linewidth=0.8, linestyle=(0, (4, 2)))
    axes.annotate(
        "Gaussian gradients: 1.596",
        (1, np.log10(GAUSSIAN)),
        (-2, -2),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        fontsize=7,
        color=style.GREY,
        ha="right",
        va="top",
    )
    _logarithmic(axes, np.log10(rows["rho"].max()))
    axes.set_xticks(range(len(layers)), layers)
    if max(map(len, layers)) > LONG:
        axes.tick_params(axis="x", labelrotation=30)
        for label in axes.get_xticklabels():
            label.set(ha="right", rotation_mode="anchor")
    axes.set_ylabel(r"Third moment $\rho = E|g-Eg|^3/\sigma^3$")
    first = rows.iloc[0]
    axes.set_title(f"Seed {first['seed']}, epoch {first['epoch']}", fontweight="bold")
    return drawn


def _logarithmic(axes: Any, highest: float) -> None:
    """Ticks at round values of what is drawn as its logarithm."""
    values = [v * 10**e for e in range(int(highest) + 2) for v in (1, 2, 5)]
    shown = [np.log10(v) for v in values if np.log10(v) <= highest + 0.1]
    axes.set_ylim(-0.06, highest + 0.06)
    axes.set_yticks(shown)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda log, _: f"{10**log:.0f}"))
    axes.grid(axis="y", color=style.FAINT, linewidth=0.4)
    axes.set_axisbelow(True)


def main() -> None:
    """Draw the last checkpoint of the first seed."""
    arguments = program.parse("Third moments of per-sample gradients.", tables=False, layers=True)
    rows = read(arguments.layers)
    if rows.empty:
        program.save_without_data(arguments, "no moments of per-sample gradients in this run")
        return
    program.save(draw(rows, arguments.settings), arguments.output, rows)


if __name__ == "__main__":
    stage.run(main)

"""Third moments

Standardised third absolute moment of the per-sample gradients: all coordinates of each layer, with
median, quartiles and 5 to 95 %; beside them the same quantiles of the networks of other training seeds. It is at least 1
by Jensen's inequality (smaller numbers in the paper must be scaled otherwise, so layers are compared by order), and at most
the root of the number of samples: coordinates near that line are moved by one sample.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter
from scipy.special import gamma

from gradnoise import stage
from gradnoise.clt.results import read_third_moments
from gradnoise.figures import keys, lines, program, style
from gradnoise.figures.published import THIRD_MOMENTS
from gradnoise.figures.settings import Settings
from gradnoise.store.variables import QUANTILES, quantile_names
from gradnoise.tables.catalogue import read_table, weights

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
    """Every coordinate of every layer that has moments: parameter, layer, block, index, samples, coordinate, rho."""
    frames = []
    for path in paths:
        found = read_third_moments(path)
        if found is None:
            continue
        about = {name: found.attributes[name] for name in ABOUT}
        about["samples"] = found.attributes["sample_count"]
        frames.append(pd.DataFrame({**about, "coordinate": found.coordinate, "rho": found.rho}))
    if not frames:
        return pd.DataFrame()
    rows = weights(pd.concat(frames, ignore_index=True))
    deep = (rows["block"] == 3) & rows["index"].isin(SHOWN)
    return rows[deep] if deep.any() else rows


def draw(rows: pd.DataFrame, others: pd.DataFrame, settings: Settings) -> Figure:
    """A violin of log rho per layer, and the quantiles of other networks.

    Args:
        rows: as `read` returned them.
        others: rows of the table `layers` at the same epoch, of other training seeds.
        settings: `network`, `style`.
    """
    colours = style.apply(settings)
    names = list(rows["layer"].unique())
    drawn, axes = style.figure(settings, 3.0, max(style.COLUMN, 0.6 + 0.65 * len(names)))
    for place, name in enumerate(names):
        values = rows.loc[rows["layer"] == name, "rho"].dropna().to_numpy()
        if not values.size:
            axes.text(place, np.log10(GAUSSIAN), "all\nconstant", ha="center", fontsize=7)
            continue
        colour, _ = style.line_style(place, colours)
        _violin(axes, place, np.log10(values), colour)
        for _, row in others[others["layer"] == name].iterrows():
            low, *_, high = quantiles = [row[each] for each in quantile_names("rho")]
            at = place + 0.36
            axes.vlines(at, np.log10(low), np.log10(high), color=colour, linewidth=0.6)
            axes.plot(at, np.log10(quantiles[2]), "_", color=colour, markersize=5, mew=1.2)
    limit = float(np.sqrt(rows["samples"].iloc[0]))
    axes.axhline(np.log10(GAUSSIAN), color=style.GREY, linewidth=0.8, linestyle=lines.DASHES)
    axes.axhline(np.log10(limit), color=style.INK, linewidth=0.8, linestyle=":")
    _logarithmic(axes, np.log10(min(GAUSSIAN, rows["rho"].min())), np.log10(limit))
    axes.set_xlim(-0.6, len(names) - 0.4)
    axes.set_xticks(range(len(names)), names)
    many = len(names) > (10 if style.is_wide(drawn) else 5)
    if many or max(map(len, names)) > LONG:
        axes.tick_params(axis="x", labelrotation=30)
        for label in axes.get_xticklabels():
            label.set(ha="right", rotation_mode="anchor")
    axes.set_ylabel("Third moment ρ = E|g − Eg|³/σ³")
    keys.key(drawn, _key(rows, others, limit, settings.network))
    return drawn


def _violin(axes: Axes, place: int, logs: Any, colour: str) -> None:
    if np.ptp(logs) > 1e-6 and logs.size > 2:
        body: Any = axes.violinplot(logs, [place], widths=0.6, showextrema=False)["bodies"]
        body[0].set(facecolor=colour, alpha=0.35, linewidth=0)
    low, first, median, third, high = np.percentile(logs, QUANTILES)
    axes.vlines(place, low, high, color=colour, linewidth=0.8)
    axes.vlines(place, first, third, color=colour, linewidth=3)
    axes.plot(place, median, "o", color="white", markersize=2.6, zorder=3)


def _key(rows: pd.DataFrame, others: pd.DataFrame, limit: float, network: str) -> list[Artist]:
    """What lines and bars mean, and what the paper says of its own."""
    first, count = rows.iloc[0], int(rows["samples"].iloc[0])
    thick = f"seed {first['seed']}, epoch {first['epoch']}: 5, 25, 50, 75, 95 % of coordinates"
    shown: list[Artist] = [Line2D([], [], color=style.GREY, linewidth=2.4, label=thick)]
    if len(others):
        seeds = sorted(others["seed"].unique())
        label = f"seed{'s' * (len(seeds) > 1)} {', '.join(map(str, seeds))}: 5, 50, 95 %"
        shown.append(
            Line2D([], [], color=style.GREY, linewidth=0.6, marker="_", mew=1.2, label=label)
        )
    label = f"Gaussian gradients: {GAUSSIAN:.3f}"
    shown.append(
        Line2D([], [], color=style.GREY, linewidth=0.8, linestyle=lines.DASHES, label=label)
    )
    label = f"most that {count:,} samples allow: {limit:.0f}"
    shown.append(Line2D([], [], color=style.INK, linewidth=0.8, linestyle=":", label=label))
    if network in THIRD_MOMENTS:
        low, high = THIRD_MOMENTS[network]
        numbers = f"{low:g}" if low == high else f"{low:g} to {high:g}"
        label = f"published: around {numbers}, which no standardised moment is"
        shown.append(Line2D([], [], linestyle="none", label=label))
    return shown


def _logarithmic(axes: Axes, lowest: float, highest: float) -> None:
    """Ticks at round values of what is drawn as its logarithm."""
    values = [v * 10**e for e in range(int(highest) + 2) for v in (1, 2, 5)]
    bottom, top = lowest - 0.06, highest + 0.06
    axes.set_ylim(bottom, top)
    axes.set_yticks([np.log10(v) for v in values if bottom <= np.log10(v) <= top])
    axes.yaxis.set_major_formatter(FuncFormatter(lambda log, _: f"{10**log:.0f}"))
    axes.grid(axis="y", color=style.FAINT, linewidth=0.4)
    axes.set_axisbelow(True)


def main() -> None:
    """Draw the last checkpoint of the first seed."""
    arguments = program.parse("Third moments of per-sample gradients.", layers=True)
    rows = read(arguments.layers)
    if rows.empty:
        program.save_without_data(arguments, "no moments of per-sample gradients in this run")
        return
    table = read_table(arguments.tables / "layers.csv")
    first = rows.iloc[0]
    same = (table["run"] == arguments.settings.run) & (table["epoch"] == first["epoch"])
    others = table[same & (table["seed"] != first["seed"]) & table["rho_q50"].notna()]
    program.save(draw(rows, others, arguments.settings), arguments.output, rows)


if __name__ == "__main__":
    stage.run(main)

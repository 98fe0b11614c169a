"""Tail indices

Tail index of every coordinate (empirical characteristic function), of those that the Shapiro-Wilk
test rejects, and of Gaussian noise treated alike. A bounded index of 600 Gaussian values is 2 in
most cases. The first bin holds all lower ones. An index below 2 describes the shape of the noise;
its variance is finite, since batches are drawn from finitely many gradients.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gradnoise import stage
from gradnoise.figures import program, style
from gradnoise.figures.settings import Settings
from gradnoise.tails.results import read_histograms
from gradnoise.tails.stable.index import DEFAULT

READS = "tails"
NEEDS = ("noise",)

KINDS = {
    "live": ("all live coordinates", "-"),
    "rejected": ("rejected by the test", "-"),
    "null": ("Gaussian noise", ":"),
    "null_rejected": ("Gaussian noise that is rejected", "--"),
}


def read(paths: Sequence[Path]) -> pd.DataFrame:
    """Counts of the network: batch_size, kind, alpha (middle of the bin), width, count; layers and repeats added.

    The Gaussian's counts are of one simulation, the same for every batch size.
    """
    frames = []
    for path in paths:
        found = read_histograms(path, DEFAULT)
        middles, width = (found.edges[1:] + found.edges[:-1]) / 2, np.diff(found.edges)
        for s, size in enumerate(found.batch_sizes):
            for kind in KINDS:
                counts = getattr(found, kind)
                counts = counts[s].sum(axis=0) if counts.ndim > 1 else counts
                about = {"batch_size": size, "kind": kind, "alpha": middles, "width": width}
                frames.append(pd.DataFrame({**about, "count": counts}))
    rows = pd.concat(frames, ignore_index=True)
    cells = ["batch_size", "kind", "alpha", "width"]
    return rows.groupby(cells)["count"].sum().reset_index()


def draw(rows: pd.DataFrame, settings: Settings) -> Figure:
    """A panel for the smallest and the largest batch size."""
    colours = style.apply(settings)
    sizes = sorted(rows["batch_size"].unique())
    shown = sizes if len(sizes) < 3 else [sizes[0], sizes[-1]]
    drawn, panels = style.figure(settings, 2.5, ncols=len(shown), sharey=True, squeeze=False)
    for axes, size in zip(panels.flat, shown, strict=True):
        _histograms(axes, rows[rows["batch_size"] == size], colours)
        axes.set_title(f"Batch size {size}", fontweight="bold")
        axes.set_xlabel(r"Tail index $\alpha$ (2: Gaussian)")
    panels[0, 0].set_ylabel("Share of coordinates per bin (%)")
    panels[0, 0].legend(loc="upper left", labelspacing=0.25, borderpad=0.1)
    return drawn


def _histograms(axes: Axes, rows: pd.DataFrame, colours: list[str]) -> None:
    looks = [colours[0], colours[1], style.GREY, style.INK]
    for (kind, (label, dash)), colour in zip(KINDS.items(), looks, strict=True):
        bins = rows[rows["kind"] == kind].sort_values("alpha")
        total = bins["count"].sum()
        if not total:
            continue
        share = 100 * bins["count"].to_numpy() / total
        edges = np.append(bins["alpha"] - bins["width"] / 2, 2.0)
        axes.stairs(share, edges, color=colour, linestyle=dash, linewidth=1.0, label=label)
        if kind in ("live", "rejected"):
            axes.stairs(share, edges, fill=True, color=colour, alpha=0.18)
    axes.set_yscale("log")
    axes.set_ylim(0.05, 150)
    axes.set_xlim(0.5, 2.02)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.grid(axis="y", color=style.FAINT, linewidth=0.4)
    axes.set_axisbelow(True)


def main() -> None:
    """Draw the last checkpoint of the first seed."""
    arguments = program.parse("Histograms of tail indices.", tables=False, layers=True)
    rows = read(arguments.layers)
    program.save(draw(rows, arguments.settings), arguments.output, rows)


if __name__ == "__main__":
    stage.run(main)

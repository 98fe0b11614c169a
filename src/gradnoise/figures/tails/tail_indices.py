"""Tail indices of the first layer

The share of coordinates with a tail index of at most the value on the axis: all live coordinates, and, as in the paper's
Figure 7, those that the Shapiro-Wilk test rejects, by the empirical characteristic function (ecf) and by maximum likelihood
(ml, the paper's estimator). Dashed: Gaussian noise treated alike. Where a curve is at the right end, that many indices are not 2
(below 1.975). An index below 2 describes the shape of the noise; its variance is finite, since batches are drawn from finitely
many gradients. Series without an index (outside of 0.5 to 2) are left out, and counted in the key.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from gradnoise import stage
from gradnoise.errors import InputError
from gradnoise.figures import keys, lines, program, style
from gradnoise.figures.settings import Settings
from gradnoise.rejection.reading import STAGE, read_histograms, read_parameters, read_rejected
from gradnoise.store.results import read_attributes
from gradnoise.tails.columns import REJECTED_METHODS
from gradnoise.tails.stable.index import DEFAULT

READS = "rejection"
NEEDS = ("noise",)

NULL = 0  # stands for a batch size in rows of Gaussian noise

NAMES = {"ecf": "by ecf", "ml": "by ml (the paper's)"}


def read(paths: Sequence[Path]) -> pd.DataFrame:
    """Counts of the first layer: population, method, batch_size (0: Gaussian noise), alpha (lower edge), count.

    Repeats are added.

    Raises:
        InputError: without files.
    """
    if not paths:
        raise InputError("figures: tail_indices needs the layers at a level of the test (--layers)")
    path = paths[0]
    first = read_parameters(path)[0]
    live = read_histograms(path, first, DEFAULT)
    found = [("live", DEFAULT, live.batch_sizes, live.edges, live.live, live.null)]
    for method in REJECTED_METHODS:
        each = read_rejected(path, first, method)
        found.append(("rejected", method, each.batch_sizes, each.edges, each.counts, each.null))
    frames = []
    for population, method, sizes, edges, counts, null in found:
        about = {"population": population, "method": method, "alpha": edges[:-1]}
        about["width"] = np.diff(edges)
        for size, count in zip([*sizes, NULL], [*counts.sum(axis=1), null], strict=True):
            frames.append(pd.DataFrame({**about, "batch_size": size, "count": count}))
    rows = pd.concat(frames, ignore_index=True)
    origin = read_attributes(path, STAGE, first)
    return rows.assign(**{name: origin[name] for name in ("layer", "seed", "epoch", "batches")})


def draw(rows: pd.DataFrame, settings: Settings) -> Figure:
    """A panel for all live coordinates, and one for the rejected by each method."""
    style.apply(settings)
    kinds = list(rows[["population", "method"]].drop_duplicates().itertuples(index=False))
    across = style.side_by_side(settings, len(kinds))
    down = -(-len(kinds) // across)
    drawn, panels = style.figure(
        settings, 0.9 + 1.75 * down, nrows=down, ncols=across, sharey=True, squeeze=False
    )
    looks = style.size_styles(size for size in rows["batch_size"] if size != NULL)
    lowest = min(1.8, np.floor(10 * rows.loc[rows["count"] > 0, "alpha"].min()) / 10)
    for place, (axes, (population, method)) in enumerate(zip(panels.flat, kinds, strict=True)):
        mine = rows[(rows["population"] == population) & (rows["method"] == method)]
        style.name_panel(axes, place, f"{population}, {NAMES.get(method, method)}")
        _panel(axes, mine, looks, lowest)
    drawn.supxlabel("Tail index α (2: Gaussian)", fontsize=8)
    drawn.supylabel("Share up to this index (%)", fontsize=8)
    keys.key(drawn, _key(rows, looks), 3)
    return drawn


def _panel(
    axes: Axes, rows: pd.DataFrame, looks: dict[int, tuple[str, str]], lowest: float
) -> None:
    for size in [NULL, *looks]:
        bins = rows[rows["batch_size"] == size].sort_values("alpha")
        total = bins["count"].sum()
        if not total:
            continue
        # Below the lower edge of every bin; what is in the last one is 2.
        below = 100 * (bins["count"].cumsum() - bins["count"]) / total
        colour, dash = (style.INK, lines.DASHES) if size == NULL else (looks[size][0], "-")
        axes.plot(bins["alpha"], below, color=colour, linestyle=dash, linewidth=1.1)
        axes.plot(bins["alpha"].iloc[-1], below.iloc[-1], "o", color=colour, markersize=2.6)
    axes.set_xlim(lowest, 2.0)
    axes.set_ylim(-2, 102)
    axes.set_yticks(range(0, 101, 25))
    axes.grid(axis="y", color=style.FAINT, linewidth=0.4)
    axes.set_axisbelow(True)


def _key(rows: pd.DataFrame, looks: dict[int, tuple[str, str]]) -> list[Artist]:
    """Batch sizes with how many series are shown, all live and rejected."""
    counts = rows[rows["method"] == DEFAULT].groupby(["batch_size", "population"])["count"].sum()
    first = rows.iloc[0]
    about = (
        f"{first['layer']}, seed {first['seed']}, epoch {first['epoch']}, n = {first['batches']}"
    )
    shown: list[Artist] = [Line2D([], [], linestyle="none", label=about)]
    for size in [*looks, NULL]:
        name = "Gaussian noise" if size == NULL else f"B = {size}"
        label = f"{name}: {counts[size, 'live']:,} live, {counts[size, 'rejected']:,} rejected"
        line = Line2D([], [], color=style.INK, linewidth=1.1, linestyle=lines.DASHES, label=label)
        if size != NULL:
            line.set(color=looks[size][0], linestyle="-")
        shown.append(line)
    return shown


def main() -> None:
    """Draw the first layer at the last checkpoint of the first seed."""
    arguments = program.parse("Tail indices of the first layer.", tables=False, layers=True)
    rows = read(arguments.layers)
    program.save(draw(rows, arguments.settings), arguments.output, rows)


if __name__ == "__main__":
    stage.run(main)

"""Single coordinates

Noise of a typical and of the least Gaussian coordinate of one layer, at the smallest and the largest batch
size (B): histograms with what a normal law would give, counts on a logarithmic axis, and normal quantile plots;
both on one scale for each coordinate's row.
"""

from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray
from scipy.special import ndtri

from gradnoise import stage
from gradnoise.errors import InputError
from gradnoise.figures import program, scales, style
from gradnoise.figures.settings import Settings
from gradnoise.gaussianity.results import STAGE, read_examples
from gradnoise.store.results import read_attributes
from gradnoise.tables import catalogue

READS = "gaussianity"
NEEDS = ("noise",)

ROLES = {"typical": "typical", "worst": "least Gaussian"}  # that are drawn
BINS = 40


def read(path: Path) -> pd.DataFrame:
    """The example series of a per-layer file, one row per sample, ordered by size within each series.

    Columns: parameter, seed, epoch, role, batch_size, coordinate, statistic, pvalue, noise,
    standardised (noise minus its mean, in its own standard deviations), normal_quantile.
    """
    origin = read_attributes(path, STAGE)
    frames = [
        pd.DataFrame(
            {
                **{name: origin[name] for name in ("parameter", "seed", "epoch")},
                **{name: value for name, value in example.items() if name != "samples"},
                **quantiles(example["samples"]),
            }
        )
        for example in read_examples(path)
    ]
    if not frames:
        raise InputError(f"{path}: found no example series")
    return pd.concat(frames, ignore_index=True)


def quantiles(samples: NDArray[np.float32]) -> dict[str, NDArray[np.float64]]:
    """Ordered samples, standardised, and Blom's normal quantiles PhiInv((i - 3/8) / (n + 1/4))."""
    ordered = np.sort(samples.astype(np.float64))
    count = len(ordered)
    centred = ordered - ordered.mean()
    constant = ordered[0] == ordered[-1]  # its rounded deviation need not be exactly zero
    deviation = np.nan if constant else centred.std(ddof=1)
    normal = ndtri((np.arange(1, count + 1) - 0.375) / (count + 0.25))
    return {"noise": ordered, "standardised": centred / deviation, "normal_quantile": normal}


def choose(paths: Sequence[Path], repeats: pd.DataFrame) -> Path:
    """The file of the layer with most to show: most roles, then the lowest percentage.

    Args:
        paths: of the layers of one checkpoint.
        repeats: the table `gaussianity_repeats` of the run.
    """
    if not paths:
        raise InputError("figures: coordinates needs per-layer files (--layers)")
    lowest = repeats.groupby(["parameter", "seed", "epoch"])["percentage_gaussian"].min()

    def interest(path: Path) -> tuple[int, float]:
        roles = {example["role"] for example in read_examples(path)}
        origin = read_attributes(path, STAGE)
        return -len(roles), float(lowest[origin["parameter"], origin["seed"], origin["epoch"]])

    return min(paths, key=interest)


def draw(rows: pd.DataFrame, settings: Settings) -> Figure:
    """Draw what `read` returned: histogram and quantile plot of every role and batch size, on equal scales."""
    colours = style.apply(settings)
    roles = [role for role in ROLES if (rows["role"] == role).any()]
    sizes = sorted(rows["batch_size"].unique())
    across = style.side_by_side(settings, len(sizes))
    cells = [(role, size) for role in roles for size in sizes]
    down = len(cells) // across
    drawn, panels = style.figure(
        settings, 0.6 + 1.5 * down, nrows=down, ncols=2 * across, squeeze=False
    )
    shown = rows[rows["role"].isin(roles)]
    count = len(rows) // rows.groupby(["role", "batch_size"]).ngroups
    for place, (role, size) in enumerate(cells):
        line, column = divmod(place, across)
        histogram, plot = panels[line, 2 * column : 2 * column + 2]
        of_role = shown[shown["role"] == role]
        series = of_role[of_role["batch_size"] == size]
        style.name_panel(histogram, place, ROLES[role])
        if series["standardised"].isna().all():
            _nothing(histogram, f"no such coordinate\nat batch size {size}")
            plot.set_axis_off()
            continue
        span = float(np.nanmax(np.abs(of_role["standardised"]))) * 1.05
        colour = colours[sizes.index(size) % len(colours)]
        _histogram(histogram, series, max(3.5, span), colour)
        _quantile_plot(plot, series, max(3.5, span), colour)
    for axes in panels[:, 0]:
        axes.set_ylabel(f"Batches (of {count})")
    drawn.supxlabel("Noise (standard deviations), and its normal quantile", fontsize=8)
    first = rows.iloc[0]
    where = f"{first['parameter']}, seed {first['seed']}, epoch {first['epoch']}; {_dead(rows)}"
    drawn.suptitle("\n".join(wrap(where, 100 if across > 1 else 48)), fontsize=8, x=0.01, ha="left")
    return drawn


def _dead(rows: pd.DataFrame) -> str:
    """What there is to say of a constant coordinate."""
    dead = rows[rows["role"] == "dead"]
    if dead.empty:
        return "no coordinate is constant"
    first = dead.iloc[0]
    return (
        f"coordinate {first['coordinate']} is constant at batch size {first['batch_size']}: every value is "
        f"{first['noise']:.2g}, there is no test, and it counts as Gaussian by the paper's convention"
    )


def _histogram(axes: Axes, series: pd.DataFrame, span: float, colour: str) -> None:
    """Counts on a logarithmic axis, where a point mass and single outliers are both seen; and the normal law's."""
    values = series["standardised"].to_numpy()
    edges = np.linspace(-span, span, BINS + 1)
    axes.hist(values, bins=edges.tolist(), color=colour, alpha=0.45, linewidth=0)
    grid = np.linspace(-3.5, 3.5, 141)
    density = np.exp(-(grid**2) / 2) / np.sqrt(2 * np.pi)
    axes.plot(grid, len(values) * (edges[1] - edges[0]) * density, color=style.INK, linewidth=0.9)
    scales.logarithm(axes.yaxis)
    axes.set_ylim(0.7, 1.6 * len(values))
    axes.set_xlim(-span, span)
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))


def _quantile_plot(axes: Axes, series: pd.DataFrame, span: float, colour: str) -> None:
    ends = np.array([-3.3, 3.3])
    axes.plot(ends, ends, color=style.GREY, linewidth=0.8, zorder=1)
    axes.plot(
        series["normal_quantile"],
        series["standardised"],
        linestyle="none",
        marker="o",
        markersize=1.8,
        color=colour,
        rasterized=True,
        zorder=2,
    )
    first = series.iloc[0]
    pvalue = f"p = {first['pvalue']:.2g}" if first["pvalue"] >= 1e-4 else "p < 0.0001"
    axes.set_title(f"B = {first['batch_size']}, {pvalue}")
    axes.set_ylim(-span, span)
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))


def _nothing(axes: Axes, message: str) -> None:
    axes.set_axis_off()
    axes.text(0.0, 0.5, message, transform=axes.transAxes, va="center", color=style.GREY)


def main() -> None:
    """Draw the layer that has most to show."""
    arguments = program.parse("Noise of single coordinates.", layers=True)
    table = catalogue.read_table(arguments.tables / "gaussianity_repeats.csv")
    path = choose(arguments.layers, table[table["run"] == arguments.settings.run])
    rows = read(path)
    program.save(draw(rows, arguments.settings), arguments.output, rows)


if __name__ == "__main__":
    stage.run(main)

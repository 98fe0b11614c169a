"""Single coordinates

Noise of a typical, the least Gaussian and a dead coordinate of one layer: histograms with the
normal density, and normal quantile plots.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray
from scipy.special import ndtri

from gradnoise import stage
from gradnoise.errors import InputError
from gradnoise.figures import program, style
from gradnoise.figures.settings import Settings
from gradnoise.gaussianity.results import STAGE, read_examples
from gradnoise.store.results import read_attributes, read_table

READS = "gaussianity"
NEEDS = ("noise",)

ROLES = {"typical": "Typical", "worst": "Least Gaussian", "dead": "Dead"}


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


def choose(paths: Sequence[Path]) -> Path:
    """The file of the layer with most to show: most roles, then the lowest percentage."""
    if not paths:
        raise InputError("figures: coordinates needs per-layer files (--layers)")

    def interest(path: Path) -> tuple[int, float]:
        roles = {example["role"] for example in read_examples(path)}
        summary = read_table(path, STAGE, "summary")
        if summary is None:
            raise InputError(f"{path}: found no summary")
        return -len(roles), float(np.nanmin(summary["percentage_gaussian"]))

    return min(paths, key=interest)


def draw(rows: pd.DataFrame, settings: Settings) -> Figure:
    """Draw what `read` returned: a row per role; histogram and Q-Q plot per batch size."""
    colours = style.apply(settings)
    roles = [role for role in ROLES if (rows["role"] == role).any()]
    sizes = sorted(rows["batch_size"].unique())
    heights = [0.4 if role == "dead" else 1.45 for role in roles]
    drawn, panels = style.figure(
        settings,
        0.45 + sum(heights),
        nrows=len(roles),
        ncols=2 * len(sizes),
        squeeze=False,
        height_ratios=heights,
    )
    for line, role in zip(panels, roles, strict=True):
        for place, size in enumerate(sizes):
            series = rows[(rows["role"] == role) & (rows["batch_size"] == size)]
            histogram, plot = line[2 * place : 2 * place + 2]
            if series.empty:
                _nothing(histogram, f"no {role} coordinate\nat this batch size")
                plot.set_axis_off()
            elif series["standardised"].isna().any():
                _dead(histogram, series)
                plot.set_axis_off()
            else:
                _histogram(histogram, series, colours[place])
                _quantile_plot(plot, series, colours[place])
    _headings(panels, roles, sizes)
    first = rows.iloc[0]
    drawn.suptitle(
        f"{first['parameter']}, seed {first['seed']}, epoch {first['epoch']}, "
        f"n = {len(rows) // rows.groupby(['role', 'batch_size']).ngroups} batches",
        fontsize=8,
        x=0.01,
        ha="left",
    )
    return drawn


def _headings(panels: NDArray[Any], roles: Sequence[str], sizes: Sequence[int]) -> None:
    for place, size in enumerate(sizes):
        panels[0, 2 * place].set_title(f"Batch size {size}", fontweight="bold")
    for line, role in zip(panels, roles, strict=True):
        for axes in line[::2]:
            axes.set_ylabel("Density")
        # Placed by the layout with the axis label, so that wide tick labels push it outwards.
        if role == "dead":
            line[0].text(
                -0.06,
                0.5,
                ROLES[role],
                transform=line[0].transAxes,
                ha="right",
                va="center",
                fontweight="bold",
            )
        else:
            line[0].set_ylabel(rf"$\bf{{{ROLES[role].replace(' ', '~')}}}$" + "\nDensity")
    for column in panels.T:
        last = [axes for axes in column if axes.axison and axes.has_data()]
        if last:
            quantile = last[-1].get_ylabel() == "Noise (sd)"
            last[-1].set_xlabel("Normal quantile" if quantile else "Noise (sd)")


def _histogram(axes: Axes, series: pd.DataFrame, colour: str) -> None:
    values = series["standardised"].to_numpy()
    axes.hist(values, bins=32, density=True, color=colour, alpha=0.45, linewidth=0)
    grid = np.linspace(-3.5, 3.5, 141)
    axes.plot(grid, np.exp(-(grid**2) / 2) / np.sqrt(2 * np.pi), color=style.INK, linewidth=0.9)
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.yaxis.set_major_locator(MaxNLocator(3))


def _quantile_plot(axes: Axes, series: pd.DataFrame, colour: str) -> None:
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
    axes.text(
        0.04,
        0.97,
        f"W = {first['statistic']:.3f}\n{pvalue}",
        transform=axes.transAxes,
        va="top",
        fontsize=7,
        linespacing=1.25,
    )
    axes.set_ylabel("Noise (sd)", labelpad=1)
    axes.xaxis.set_major_locator(MaxNLocator(3))
    axes.yaxis.set_major_locator(MaxNLocator(4))


def _dead(axes: Axes, series: pd.DataFrame) -> None:
    value = series["noise"].iloc[0]
    _nothing(
        axes,
        f"constant: all {len(series)} values are {value:.2g};\nno test (p = 1 by convention)",
    )


def _nothing(axes: Axes, message: str) -> None:
    axes.set_axis_off()
    note = axes.text(
        0.0, 0.5, message, transform=axes.transAxes, va="center", color=style.GREY, fontsize=7
    )
    note.set_in_layout(False)  # it may run on into the empty panel beside


def main() -> None:
    """Draw the layer that has most to show."""
    arguments = program.parse("Noise of single coordinates.", tables=False, layers=True)
    path = choose(arguments.layers)
    rows = read(path)
    program.save(draw(rows, arguments.settings), arguments.output, rows)


if __name__ == "__main__":
    stage.run(main)

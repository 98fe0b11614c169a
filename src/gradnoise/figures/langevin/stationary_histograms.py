"""Stationary densities against the exact law

Density of all replicas' positions along Hessian eigenvectors, from the sharpest to the flattest that is
recorded, over the Gaussian density of the exact discrete-time variance: 1 where theory holds. Bars are
95 % intervals from blocks of steps. Lines are the Gaussian of the small-step limit
and Boltzmann's density in the loss measured along the same line (its temperature is fitted), over
the same exact density; where other directions still drift, the lowest loss on a line lies
beside the mean. Predictions use the measured Hessian and noise and have no free parameter.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from gradnoise import stage
from gradnoise.figures import keys, scales, style
from gradnoise.figures.langevin import files
from gradnoise.figures.langevin.files import Result
from gradnoise.figures.settings import Settings
from gradnoise.langevin.estimation.boltzmann import boltzmann_density
from gradnoise.store.variables import NORMAL
from gradnoise.trajectory.names import MODEL

READS = "langevin"
SUBSPACE = MODEL
NEEDS = ("trajectories",)

COLUMNS = 3

REACH = 3.0  # standard deviations of the exact law

LIMITS = 0.35, 2.9


def shown(result: Result, most: int = COLUMNS) -> list[int]:
    """Positions of the eigenvectors drawn: spread over the curvatures."""
    count = len(result.eigenvectors)
    return sorted({round(place) for place in np.linspace(0, count - 1, min(most, count))})


def draw(results: Sequence[Result], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """A row for every trajectory, a column for every eigenvector shown."""
    colours = style.apply(settings)
    columns = style.side_by_side(settings, COLUMNS)
    places = [shown(result, columns) for result in results]
    columns = max(map(len, places))
    drawn, grid = style.figure(
        settings, 0.8 + 1.4 * len(results), style.PAGE if columns > 1 else style.COLUMN,
        nrows=len(results), ncols=columns, squeeze=False, sharex=True, sharey=True,
    )  # fmt: skip
    frames = []
    for number, (row, result, chosen) in enumerate(zip(grid, results, places, strict=True)):
        for axes, place in zip(row, chosen, strict=False):
            frames.append(_panel(axes, result, place, colours))
        style.name_panel(row[0], number, result.title_in(drawn))
        row[0].set_ylabel("Over exact")
    drawn.supxlabel("Displacement (standard deviations of the exact law)", fontsize=8)
    keys.key(drawn, _key(colours), across=3)
    return drawn, pd.concat(frames, ignore_index=True)


def densities(result: Result, place: int) -> pd.DataFrame:
    """Measured and predicted densities of one eigenvector over the exact one, at the histogram's cells.

    The histogram is in units of the measured standard deviation, the rows in those of the exact one.
    """
    row = result.eigenvectors.iloc[place]
    edges = result.arrays["histogram_edges"]
    density = result.arrays["histogram"][int(row["direction"])]
    measured, exact = np.sqrt(row["variance"]), np.sqrt(row["predicted_variance"])
    stretch = measured / exact
    x = (edges[1:] + edges[:-1]) / 2 * stretch
    gaussian = np.exp(-0.5 * x**2) / np.sqrt(2 * np.pi)
    error = result.arrays["histogram_error"][int(row["direction"])]
    columns = {
        "x": x,
        "measured": density / stretch / gaussian,
        "measured_error": error / stretch / gaussian,
        "small-step limit": _gaussian_ratio(x, np.sqrt(row["continuous_variance"]) / exact),
    }
    if "slice_loss" in result.arrays and np.isfinite(row["boltzmann_temperature"]):
        distance, loss = (result.arrays[f"slice_{name}"][place] for name in ("distance", "loss"))
        fine = np.linspace(distance[0], distance[-1], 2001)
        smooth = CubicSpline(distance, loss)(fine)
        law = boltzmann_density(fine, smooth, row["boltzmann_temperature"]) * exact
        columns["boltzmann"] = np.interp(x, fine / exact, law, np.nan, np.nan) / gaussian
    frame = pd.DataFrame(columns)
    about = {"variant": result.variant, "direction": int(row["direction"])}
    return frame[np.abs(frame["x"]) < REACH].assign(**about)


def _gaussian_ratio(x: NDArray[np.float64], spread: float) -> NDArray[np.float64]:
    """Density of a Gaussian over that of the standard one."""
    return np.exp(-0.5 * (x / spread) ** 2 + 0.5 * x**2) / spread


def _panel(axes: Axes, result: Result, place: int, colours: Sequence[str]) -> pd.DataFrame:
    row, frame = result.eigenvectors.iloc[place], densities(result, place)
    axes.axhline(1, color=style.GREY, linewidth=0.9, zorder=0)
    axes.plot(frame["x"], frame["small-step limit"], "--", color=colours[1], linewidth=0.9)
    if "boltzmann" in frame:
        axes.plot(frame["x"], frame["boltzmann"], color=colours[2], linewidth=0.9)
    axes.errorbar(
        frame["x"], frame["measured"], NORMAL * frame["measured_error"].fillna(0), fmt=".",
        color=style.INK, elinewidth=0.6, markersize=3,
    )  # fmt: skip
    step = result.numbers["learning_rate"] * row["curvature"]
    note = f"ηh = {step:.2g}" + ("" if row["stationary"] else ", not stationary")
    axes.annotate(note, (0.5, 0.02), xycoords="axes fraction", ha="center", fontsize=7)
    scales.logarithm(axes.yaxis)
    axes.set(ylim=LIMITS, xlim=(-REACH, REACH))
    return frame


def _key(colours: Sequence[str]) -> list[Line2D]:
    return [
        Line2D([], [], marker=".", color=style.INK, linewidth=0.6, label="measured, 95 %"),
        Line2D([], [], linestyle="--", color=colours[1], linewidth=0.9, label="small-step limit"),
        Line2D([], [], color=colours[2], linewidth=0.9, label="Boltzmann, measured loss"),
    ]


if __name__ == "__main__":
    stage.run(partial(files.main, "Stationary densities.", draw))

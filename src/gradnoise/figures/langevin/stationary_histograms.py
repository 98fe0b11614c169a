"""Stationary densities

Displacement along Hessian eigenvectors, steps of all replicas: histogram, the Gaussian of the exact
discrete-time variance, that of the small-step limit, and Boltzmann's density in the loss measured
along the same line. Predictions use the measured Hessian and noise and have no free parameter.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gradnoise import stage
from gradnoise.figures import style
from gradnoise.figures.langevin import files
from gradnoise.figures.langevin.files import Result
from gradnoise.figures.settings import Settings
from gradnoise.langevin.estimation.boltzmann import boltzmann_density
from gradnoise.trajectory.names import MODEL

READS = "langevin"
SUBSPACE = MODEL
NEEDS = ("trajectories",)

COLUMNS = 4


def shown(result: Result) -> list[int]:
    """Positions of the eigenvectors drawn: spread over the curvatures."""
    count = len(result.eigenvectors)
    return sorted({round(place) for place in np.linspace(0, count - 1, min(COLUMNS, count))})


def draw(results: Sequence[Result], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """A row for every trajectory, a column for every eigenvector shown."""
    colours = style.apply(settings)
    columns = max(len(shown(result)) for result in results)
    drawn, grid = style.figure(
        settings, 0.7 + 1.35 * len(results), nrows=len(results), ncols=columns,
        squeeze=False, sharex=True, sharey=True,
    )  # fmt: skip
    frames = []
    for row, result in zip(grid, results, strict=True):
        for axes, place in zip(row, shown(result), strict=False):
            frames.append(_panel(axes, result, place, colours))
        row[0].set_title(result.title, fontweight="bold")
        row[0].set_ylabel("Density")
    drawn.supxlabel("Displacement from the mean, standard deviations measured", fontsize=8)
    named = {
        label: handle
        for axes in grid.flat
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    drawn.legend(list(named.values()), list(named), loc="outside upper center", ncols=len(named))
    return drawn, pd.concat(frames, ignore_index=True)


def _panel(axes: Axes, result: Result, place: int, colours: Sequence[str]) -> pd.DataFrame:
    row = result.eigenvectors.iloc[place]
    edges = result.arrays["histogram_edges"]
    density = result.arrays["histogram"][int(row["direction"])]
    centres, deviation = (edges[1:] + edges[:-1]) / 2, np.sqrt(row["variance"])
    axes.stairs(density, edges, color=style.GREY, fill=True, alpha=0.35, label="measured")
    frame = {
        "variant": result.variant,
        "direction": row["direction"],
        "x": centres,
        "measured": density,
    }
    for (name, label), colour, line in zip(
        (("predicted_variance", "exact"), ("continuous_variance", "small-step limit")),
        colours,
        ("-", "--"),
        strict=False,
    ):
        spread = np.sqrt(row[name]) / deviation
        values = np.exp(-0.5 * (centres / spread) ** 2) / (spread * np.sqrt(2 * np.pi))
        axes.plot(centres, values, line, color=colour, label=label)
        frame[label] = values
    if "slice_loss" in result.arrays and np.isfinite(row["boltzmann_temperature"]):
        distance, loss = (result.arrays[f"slice_{name}"][place] for name in ("distance", "loss"))
        values = boltzmann_density(distance, loss, row["boltzmann_temperature"]) * deviation
        axes.plot(
            distance / deviation, values, ":", color=colours[2], label="Boltzmann, measured loss"
        )
        frame["boltzmann"] = np.interp(centres, distance / deviation, values, np.nan, np.nan)
    step = row["learning_rate"] if "learning_rate" in row else result.numbers["learning_rate"]
    note = f"ηh = {step * row['curvature']:.2g}" + ("" if row["stationary"] else "\nnot stationary")
    axes.annotate(note, (0.98, 0.95), xycoords="axes fraction", ha="right", va="top", fontsize=7)
    axes.set_xlim(-4, 4)
    return pd.DataFrame(frame)


if __name__ == "__main__":
    stage.run(partial(files.main, "Stationary densities.", draw))

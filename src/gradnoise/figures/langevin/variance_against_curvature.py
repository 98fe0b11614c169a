"""Variance against curvature

Measured variances with 95 % intervals, the exact prediction, its small-step limit, and the
isotropic law that holds where the noise covariance is proportional to the Hessian and steps are
small.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gradnoise import stage
from gradnoise.figures import scales, style
from gradnoise.figures.langevin import files
from gradnoise.figures.langevin.files import Result
from gradnoise.figures.settings import Settings
from gradnoise.langevin.theory.mapping import temperature
from gradnoise.store.variables import NORMAL
from gradnoise.trajectory.names import MODEL

READS = "langevin"
SUBSPACE = MODEL
NEEDS = ("trajectories",)


def draw(results: Sequence[Result], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """A panel for every trajectory."""
    colours = style.apply(settings)
    columns = min(2, len(results))
    rows = -(-len(results) // columns)
    drawn, grid = style.figure(
        settings, 0.4 + 2.3 * rows, style.PAGE if columns > 1 else style.COLUMN,
        nrows=rows, ncols=columns, squeeze=False,
    )  # fmt: skip
    frames = []
    for axes, result in zip(grid.flat, results, strict=False):
        frames.append(_panel(axes, result, colours))
    for axes in list(grid.flat)[len(results) :]:
        axes.set_axis_off()
    for axes in grid[:, 0]:
        axes.set_ylabel("Variance (parameter squared)")
    for axes in grid[-1]:
        axes.set_xlabel("Curvature h (loss per parameter squared)")
    grid[0, 0].legend(loc="best")
    return drawn, pd.concat(frames, ignore_index=True)


def isotropic_law(rows: pd.DataFrame, result: Result) -> float:
    """Variance of Proposition 2, the same along every direction: C = s^2 H with s^2 the mean of c / h."""
    usable = rows[(rows["curvature"] > 0) & (rows["noise_variance"] > 0)]
    scale = np.exp(np.log(usable["noise_variance"] / usable["curvature"]).mean())
    n = result.numbers
    return float(temperature(scale, n["learning_rate"], n["momentum"]))


def _panel(axes: Axes, result: Result, colours: Sequence[str]) -> pd.DataFrame:
    rows = result.eigenvectors
    rows = rows[rows["curvature"] > 0].sort_values("curvature")
    law = isotropic_law(rows, result)
    axes.axhline(law, color=style.GREY, linestyle=":", label="isotropic law")
    for name, label, colour, marker in (
        ("predicted_variance", "exact", colours[0], "o"),
        ("continuous_variance", "small-step limit", colours[1], "s"),
    ):
        axes.plot(
            rows["curvature"], rows[name], marker, label=label, markersize=7,
            markerfacecolor="none", markeredgecolor=colour, markeredgewidth=0.9,
        )  # fmt: skip
    _measured(axes, rows)
    axes.set(xscale="log", yscale="log")
    for axis in (axes.xaxis, axes.yaxis):
        scales.plain_logarithm(axis)
    n = result.numbers
    note = f"C ~ H^{n['noise_exponent']:.2f}, variance ~ H^{n['variance_exponent']:.2f}"
    axes.set_title(f"{result.heading}\n{note}", fontweight="bold")
    columns = ["direction", "curvature", "variance", "variance_error", "predicted_variance"]
    shown = rows[[*columns, "continuous_variance", "stationary"]]
    return shown.assign(variant=result.variant, isotropic_law=law)


def _measured(axes: Axes, rows: pd.DataFrame) -> None:
    """Variances with 95 % intervals; open where the direction is not stationary."""
    still = rows["stationary"].astype(bool)
    for chosen, face, label in (
        (still, style.INK, "measured"),
        (~still, "white", "not stationary"),
    ):
        if chosen.any():
            each = rows[chosen]
            axes.errorbar(
                each["curvature"], each["variance"], NORMAL * each["variance_error"], fmt="o",
                color=style.INK, markerfacecolor=face, markeredgewidth=0.8, elinewidth=0.8,
                label=label, zorder=3,
            )  # fmt: skip


if __name__ == "__main__":
    stage.run(partial(files.main, "Variance against curvature.", draw))

"""Probability current

Mean motion (x(t+1) - x(t-1)) / 2 times the density, in the plane of the two eigenvectors that
circulate most; zero in detailed balance.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gradnoise import stage
from gradnoise.figures import program, style
from gradnoise.figures.langevin import files
from gradnoise.figures.langevin.files import Result
from gradnoise.figures.settings import Settings
from gradnoise.trajectory.names import MODEL

READS = "langevin"
SUBSPACE = MODEL
NEEDS = ("trajectories",)

FEWEST = 50  # steps in a cell whose arrow is drawn


def draw(results: Sequence[Result], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """A row for every trajectory: the measured current and the one of a Gaussian process with exact moments."""
    colours = style.apply(settings)
    drawn, grid = style.figure(
        settings, 0.5 + 2.7 * len(results), nrows=len(results), ncols=2, squeeze=False,
        sharex="row", sharey="row",
    )  # fmt: skip
    frames = []
    for (left, right), result in zip(grid, results, strict=True):
        frame = cells(result)
        scale = _scale(frame)
        for axes, name, colour in ((left, "measured", style.INK), (right, "predicted", colours[0])):
            _arrows(axes, frame, name, colour, scale)
        left.set_title(result.title, fontweight="bold")
        right.set_title("predicted, no free parameter", fontweight="bold")
        first, second = result.arrays["plane_directions"]
        left.set_ylabel(f"Eigenvector {second + 1}")
        for axes in (left, right):
            axes.set_xlabel(f"Eigenvector {first + 1} (standard deviations)")
        frames.append(frame)
    return drawn, pd.concat(frames, ignore_index=True)


def cells(result: Result) -> pd.DataFrame:
    """Density times drift in every cell, in units of each direction's standard deviation."""
    arrays = result.arrays
    first, second = arrays["plane_first"], arrays["plane_second"]
    count = arrays["plane_steps"]
    deviations = np.sqrt(
        result.directions["variance"].to_numpy()[arrays["plane_directions"].astype(int)]
    )
    x, y = np.meshgrid(first / deviations[0], second / deviations[1], indexing="ij")
    density = count / count.max()
    columns = {"variant": result.variant, "x": x.ravel(), "y": y.ravel(), "count": count.ravel()}
    for name, field in (("measured", "drift"), ("predicted", "predicted"), ("error", "error")):
        for axis, letter in enumerate("xy"):
            values = arrays[f"plane_{field}"][..., axis] / deviations[axis] * density
            columns[f"{name}_{letter}"] = values.ravel()
    return pd.DataFrame(columns)


def _scale(frame: pd.DataFrame) -> float:
    """Arrow units so that the longest drawn arrow of either panel spans a cell and a half."""
    drawn = frame[frame["count"] >= FEWEST]
    longest = max(
        np.hypot(drawn[f"{n}_x"], drawn[f"{n}_y"]).max() for n in ("measured", "predicted")
    )
    width = np.diff(np.sort(frame["x"].unique()))[0]
    return float(longest / (1.5 * width))


def _arrows(axes: Axes, frame: pd.DataFrame, name: str, colour: str, scale: float) -> None:
    side = int(np.sqrt(len(frame)))
    x, y = (np.sort(frame[letter].unique()) for letter in "xy")
    axes.pcolormesh(
        x, y, frame["count"].to_numpy().reshape(side, side).T, cmap="Greys", alpha=0.35,
        shading="nearest", rasterized=True,
    )  # fmt: skip
    chosen = frame[frame["count"] >= FEWEST]
    axes.quiver(
        chosen["x"], chosen["y"], chosen[f"{name}_x"], chosen[f"{name}_y"],
        color=colour, angles="xy", scale_units="xy", scale=scale, width=0.005,
    )  # fmt: skip
    axes.set_aspect("equal")


def main() -> None:
    """Draw every trajectory of a run's first network in which theory has a current."""
    arguments = program.parse("Probability currents.", tables=False, layers=True)
    results = files.read(arguments.layers, MODEL)
    results = [result for result in results if "plane_steps" in result.arrays]
    if not results:
        program.save_without_data(arguments, "no trajectory whose currents theory predicts")
        return
    drawn, numbers = draw(results, arguments.settings)
    program.save(drawn, arguments.output, numbers)


if __name__ == "__main__":
    stage.run(main)

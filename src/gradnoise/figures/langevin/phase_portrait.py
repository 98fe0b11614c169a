"""Phase portraits

Position and velocity along the sharpest eigenvector. With momentum the trajectory turns clockwise
where learning rate times curvature lies between (1 - sqrt(momentum))^2 and (1 + sqrt(momentum))^2.
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
from gradnoise.trajectory.names import MODEL

READS = "langevin"
SUBSPACE = MODEL
NEEDS = (
    "trajectories",
    "momentum",
)

STEPS = 150


def draw(results: Sequence[Result], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """A panel for every trajectory: its first steps, over where the first replica was in all of them."""
    colours = style.apply(settings)
    columns = 2 if len(results) == 4 else min(3, len(results))
    rows = -(-len(results) // columns)
    drawn, grid = style.figure(settings, 0.4 + 2.6 * rows, nrows=rows, ncols=columns, squeeze=False)
    frames = []
    for axes, result in zip(grid.flat, results, strict=False):
        frames.append(_panel(axes, result, colours))
    for axes in list(grid.flat)[len(results) :]:
        axes.set_axis_off()
    for axes in grid[:, 0]:
        axes.set_ylabel("Velocity (standard deviations)")
    for axes in grid[-1]:
        axes.set_xlabel("Position (standard deviations)")
    return drawn, pd.concat(frames, ignore_index=True)


def _panel(axes: Axes, result: Result, colours: Sequence[str]) -> pd.DataFrame:
    row = result.eigenvectors.iloc[0]
    place = int(row["direction"])
    position, velocity = (
        result.arrays[name][:, place].astype(float) for name in ("path_position", "path_velocity")
    )
    position = (position - position.mean()) / position.std()
    velocity = velocity / velocity.std()
    axes.plot(position, velocity, ".", color=style.FAINT, markersize=2, rasterized=True, zorder=1)
    axes.plot(position[:STEPS], velocity[:STEPS], color=colours[0], linewidth=0.7, zorder=2)
    axes.plot(position[0], velocity[0], "o", color=colours[1], zorder=3)
    axes.set_title(f"{result.heading}\n{_frequencies(row, result)}", fontweight="bold", fontsize=7)
    axes.set_aspect("equal")
    shown = {"step": np.arange(len(position)), "position": position, "velocity": velocity}
    return pd.DataFrame({"variant": result.variant, "direction": place, **shown})


def _frequencies(row: pd.Series, result: Result) -> str:
    step = result.numbers["learning_rate"] * row["curvature"]
    if not np.isfinite(row["predicted_frequency"]):
        return f"ηh = {step:.2g}"
    if row["predicted_frequency"] == 0:
        return f"ηh = {step:.2g}: no oscillation expected"
    period, fitted = 2 * np.pi / row["predicted_frequency"], row["frequency"]
    measured = f"{2 * np.pi / fitted:.1f}" if fitted > 0 else "none"
    return f"ηh = {step:.2g}: period {measured}, expected {period:.1f}"


if __name__ == "__main__":
    stage.run(partial(files.main, "Phase portraits.", draw))

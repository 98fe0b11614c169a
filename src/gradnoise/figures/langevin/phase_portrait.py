"""Phase portraits

Position and velocity along the sharpest eigenvector of trajectories with momentum: where the first replica
was, the start of its path, and the ellipse that holds 95 % of the exact law. The path turns clockwise where
learning rate times curvature lies between (1 - sqrt(momentum))^2 and (1 + sqrt(momentum))^2. Without
momentum the velocity is the last step, and says no more than the position.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from gradnoise import stage
from gradnoise.figures import keys, program, style
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

PERIODS, STEPS = 3, 60  # drawn as a path: periods of the oscillation, or steps where there is none

RADIUS = np.sqrt(-2 * np.log(0.05))  # standard deviations that hold 95 % of two Gaussian numbers


def draw(results: Sequence[Result], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """A panel for every trajectory with momentum."""
    colours = style.apply(settings)
    labels = "Position (standard deviations)", "Velocity (standard deviations)"
    drawn, grid = files.panels(settings, results, 0.6, 3.0, *labels)
    frames = []
    for place, result in enumerate(results):
        frames.append(_panel(grid.flat[place], result, colours))
        turns = _frequencies(result.eigenvectors.iloc[0], result)
        style.name_panel(grid.flat[place], place, f"{result.heading}\n{turns}")
    keys.key(drawn, _key(colours, max(len(frame) for frame in frames)), across=4)
    return drawn, pd.concat(frames, ignore_index=True)


def _panel(axes: Axes, result: Result, colours: Sequence[str]) -> pd.DataFrame:
    row = result.eigenvectors.iloc[0]
    place = int(row["direction"])
    position, velocity = (
        result.arrays[name][:, place].astype(float) for name in ("path_position", "path_velocity")
    )
    position = (position - row["mean"]) / np.sqrt(row["variance"])
    velocity = velocity / np.sqrt(row["velocity_variance"])
    frequency = row["predicted_frequency"]
    steps = int(PERIODS * 2 * np.pi / frequency) if frequency > 0 else STEPS
    axes.plot(position, velocity, ".", color=style.FAINT, markersize=2, rasterized=True, zorder=1)
    axes.plot(position[:steps], velocity[:steps], ".-", color=colours[0], linewidth=0.7, zorder=3)
    axes.plot(position[0], velocity[0], "o", color=colours[1], zorder=4)
    axes.plot(*_ellipse(row), color=style.INK, linewidth=0.9, zorder=2)
    axes.set(aspect="equal", xlim=(-4, 4), ylim=(-4, 4))
    shown = {"step": np.arange(len(position)), "position": position, "velocity": velocity}
    return pd.DataFrame({"variant": result.variant, "direction": place, **shown})


def _ellipse(row: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Of the exact law in the measured standard deviations; covariance of both is half the velocity's variance."""
    x, v = row["predicted_variance"], row["predicted_velocity_variance"]
    covariance = np.array([[x, v / 2], [v / 2, v]])
    units = np.sqrt([row["variance"], row["velocity_variance"]])
    if not np.isfinite(covariance).all():
        return np.empty(0), np.empty(0)
    angle = np.linspace(0, 2 * np.pi, 200)
    circle = RADIUS * np.array([np.cos(angle), np.sin(angle)])
    first, second = np.linalg.cholesky(covariance) @ circle / units[:, None]
    return first, second


def _frequencies(row: pd.Series, result: Result) -> str:
    step = result.numbers["learning_rate"] * row["curvature"]
    if not np.isfinite(row["predicted_frequency"]):
        return f"ηh = {step:.2g}"
    if row["predicted_frequency"] == 0:
        return f"ηh = {step:.2g}: no oscillation expected"
    period, fitted = 2 * np.pi / row["predicted_frequency"], row["frequency"]
    measured = f"{2 * np.pi / fitted:.1f}" if fitted > 0 else "none"
    return f"ηh = {step:.2g}: period {measured} steps, expected {period:.1f}"


def _key(colours: Sequence[str], steps: int) -> list[Line2D]:
    return [
        Line2D(
            [], [], marker=".", linestyle="none", color=style.GREY, label=f"first {steps:,} steps"
        ),
        Line2D([], [], marker=".", color=colours[0], linewidth=0.7, label="the first of these"),
        Line2D([], [], marker="o", linestyle="none", color=colours[1], label="its start"),
        Line2D([], [], color=style.INK, linewidth=0.9, label="exact law, 95 %"),
    ]


def main() -> None:
    """Draw every trajectory with momentum of a run's first network."""
    arguments = program.parse("Phase portraits.", tables=False, layers=True)
    results = [each for each in files.read(arguments.layers, MODEL) if each.numbers["momentum"] > 0]
    drawn, numbers = draw(results, arguments.settings)
    program.save(drawn, arguments.output, numbers)


if __name__ == "__main__":
    stage.run(main)

"""One temperature?

Left: temperature of each eigenvector from positions and, with momentum, from velocities; in
equilibrium all would be equal. Right: variance over its small-step limit, 1 where the isotropic law
can hold.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gradnoise import stage
from gradnoise.figures import program, scales, style
from gradnoise.figures.langevin import files
from gradnoise.figures.langevin.files import Result
from gradnoise.figures.settings import Settings
from gradnoise.langevin.theory.stationary import stability_limit
from gradnoise.store.variables import NORMAL
from gradnoise.trajectory.names import MODEL

READS = "langevin"
SUBSPACE = MODEL
NEEDS = ("trajectories",)


def rows_of(results: Sequence[Result]) -> pd.DataFrame:
    """Temperatures of all eigenvectors of all trajectories.

    `configurational` is h Var(x), `kinetic` is Var(v) / dt^2 with the time step of the corrected mapping; in
    equilibrium both are `predicted_temperature` along every direction.
    """
    frames = []
    for result in results:
        rows, n = result.eigenvectors, result.numbers
        rows = rows[rows["curvature"] > 0]
        frames.append(
            pd.DataFrame(
                {
                    "variant": result.variant,
                    "title": result.title,
                    "direction": rows["direction"],
                    "curvature": rows["curvature"],
                    "step": n["learning_rate"] * rows["curvature"],
                    "momentum": n["momentum"],
                    "independent": n["sampling"] == "with_replacement",
                    "configurational": rows["curvature"] * rows["variance"],
                    "configurational_error": rows["curvature"] * rows["variance_error"],
                    "kinetic": rows["velocity_variance"] / rows["kinetic_time_step"] ** 2,
                    "predicted_temperature": rows["predicted_temperature"],
                    "ratio": rows["variance"] / rows["continuous_variance"],
                    "ratio_error": rows["variance_error"] / rows["continuous_variance"],
                    "stationary": rows["stationary"],
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def draw(rows: pd.DataFrame, settings: Settings) -> Figure:
    """Left: temperatures by curvature. Right: variance over the small-step law, by learning rate times curvature."""
    colours = style.apply(settings)
    drawn, (left, right) = style.figure(settings, 2.9, ncols=2)
    for place, (title, each) in enumerate(rows.groupby("title", sort=False)):
        colour, marker = style.line_style(place, colours)
        each = each.sort_values("curvature")
        _temperatures(left, each, str(title), colour, marker)
        right.errorbar(
            each["step"], each["ratio"], NORMAL * each["ratio_error"],
            fmt=marker, color=colour, elinewidth=0.8,
        )  # fmt: skip
    _exact_ratios(right, rows)
    left.set(xscale="log", yscale="log", xlabel="Curvature h (loss per parameter squared)")
    left.set_ylabel("Temperature (loss)")
    left.set_title("h Var(x); open: kinetic; dashes: ηC/2(1−μ)", fontweight="bold")
    right.set(xscale="log", xlabel="Learning rate times curvature, ηh")
    right.set_ylabel("Variance over its small-step limit")
    right.set_title("Isotropy is lost as steps grow", fontweight="bold")
    right.legend(loc="best")
    for axis in (left.xaxis, left.yaxis, right.xaxis):
        scales.plain_logarithm(axis)
    drawn.legend(loc="outside lower center", ncols=2, handles=left.get_legend_handles_labels()[0])
    return drawn


def _temperatures(axes: Axes, rows: pd.DataFrame, title: str, colour: str, marker: str) -> None:
    """One trajectory's eigenvectors; the kinetic temperature only where momentum makes it another one."""
    x = rows["curvature"]
    axes.plot(
        x, rows["predicted_temperature"], "_", color=colour, markersize=11, markeredgewidth=1.0
    )
    axes.plot(x, rows["configurational"], marker, color=colour, label=title)
    if rows["momentum"].iloc[0] > 0:
        axes.plot(
            x, rows["kinetic"], marker, color=colour,
            markerfacecolor="white", markeredgewidth=0.9,
        )  # fmt: skip


def _exact_ratios(axes: Axes, rows: pd.DataFrame) -> None:
    """The exact variance over its small-step limit, for every momentum of independent batches."""
    steps = np.geomspace(max(rows["step"].min() / 1.5, 1e-4), rows["step"].max() * 1.2, 200)
    for momentum in sorted(rows.loc[rows["independent"], "momentum"].unique()):
        limit = stability_limit(momentum)
        inside = steps[steps < 0.99 * limit]
        line = "-" if momentum == 0 else "--"
        axes.plot(
            inside, 1 / (1 - inside / limit), line, color=style.GREY, zorder=1,
            label=f"exact, momentum {momentum:g}",
        )  # fmt: skip
    axes.axhline(1, color=style.FAINT, linewidth=0.8, zorder=0)


def main() -> None:
    """Draw all trajectories of a run's first network."""
    arguments = program.parse("Temperatures.", tables=False, layers=True)
    rows = rows_of(files.read(arguments.layers, MODEL))
    program.save(draw(rows, arguments.settings), arguments.output, rows)


if __name__ == "__main__":
    stage.run(main)

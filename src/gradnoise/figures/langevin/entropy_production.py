"""Entropy production and the arrow of time

Entropy production in the span of the leading eigenvectors (of every layer where they are recorded, and
of the model), measured and exact from the measured Hessian and noise, each with its 95 % interval, and
what 95 % of equally long trajectories with commuting noise and Hessian stay below. Layers are
coupled to the rest of the network, so that only the model's prediction is exact. The arrow of time
is the log-odds that the film runs forward, over those expected: 0 in detailed balance, 1 as predicted.
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
from gradnoise.store.variables import NORMAL

READS = "langevin"
NEEDS = ("trajectories",)

NUMBERS = [
    *("commutator", "entropy_production", "entropy_production_error"),
    *("predicted_entropy_production", "predicted_entropy_production_error"),
    *("null_entropy_production", "arrow_score", "control_arrow_score"),
    *("arrow_amplitude", "arrow_amplitude_error"),
]

APART = 0.17  # between measured and exact, in rows


def rows_of(results: Sequence[Result]) -> pd.DataFrame:
    """One row for every subspace of every trajectory."""
    rows = [
        {
            "variant": result.variant,
            "subspace": result.subspace,
            "stationary": bool(result.eigenvectors["stationary"].astype(bool).all()),
            **{name: result.numbers[name] for name in NUMBERS},
        }
        for result in results
    ]
    return pd.DataFrame(rows)


def draw(rows: pd.DataFrame, settings: Settings) -> Figure:
    """A line for every subspace of every trajectory; crosses where a direction is not stationary."""
    colours = style.apply(settings)
    columns = style.side_by_side(settings, 2)
    height = 0.9 + (0.5 + 0.27 * len(rows)) * (3 - columns)
    drawn, grid = style.figure(
        settings, height, style.PAGE if columns > 1 else style.COLUMN,
        nrows=3 - columns, ncols=columns, squeeze=False, sharey=True,
    )  # fmt: skip
    left, right = grid.flat
    _productions(left, rows, colours)
    _arrows(right, rows, colours)
    several = rows["subspace"].nunique() > 1
    names = rows["variant"] + (", " + rows["subspace"] if several else "")
    left.set_yticks(range(len(rows)), names.str.replace("_", " ").str.replace(".weight", ""))
    left.set_ylim(len(rows) - 0.5, -0.5)
    keys.key(drawn, _key(rows, colours), across=3)
    return drawn


def _bars(
    axes: Axes, rows: pd.DataFrame, name: str, shift: float, colour: str, face: str, scale: float
) -> None:
    y = np.arange(len(rows)) + shift
    error = NORMAL * rows[f"{name}_error"] * scale
    axes.errorbar(rows[name] * scale, y, xerr=error, fmt="none", ecolor=colour, elinewidth=0.9)
    still = rows["stationary"].to_numpy(bool)
    for chosen, symbol in ((still, "o"), (~still, "X")):
        axes.plot(
            rows[name][chosen] * scale, y[chosen], symbol, color=colour,
            markerfacecolor=face, markeredgewidth=0.9,
        )  # fmt: skip


def _productions(axes: Axes, rows: pd.DataFrame, colours: Sequence[str]) -> None:
    axes.axvline(0, color=style.FAINT, linewidth=0.8, zorder=0)
    _bars(axes, rows, "entropy_production", -APART, style.INK, style.INK, 1000)
    _bars(axes, rows, "predicted_entropy_production", APART, colours[0], "white", 1000)
    null = 1000 * rows["null_entropy_production"]
    axes.plot(null, np.arange(len(rows)) - APART, "|", color=colours[1], markersize=7, mew=1.2)
    axes.set_xlabel("Nats per 1,000 steps")
    style.name_panel(axes, 0, "Entropy production")


def _arrows(axes: Axes, rows: pd.DataFrame, colours: Sequence[str]) -> None:
    axes.axvspan(0.5, 2, color=style.FAINT, alpha=0.5, linewidth=0, zorder=0)
    axes.axvline(0, color=style.INK, linewidth=0.9, linestyle=":", zorder=0)
    axes.axvline(1, color=colours[0], linewidth=0.9, zorder=0)
    _bars(axes, rows, "arrow_amplitude", 0, style.INK, style.INK, 1)
    for place, score in enumerate(rows["arrow_score"]):
        if np.isfinite(score):
            axes.annotate(
                f"z = {score:.1f}".replace("-", "−"), (1, place), xycoords=("axes fraction", "data"),
                ha="right", va="center", fontsize=7,
            )  # fmt: skip
    ends = [
        rows["arrow_amplitude"] + sign * NORMAL * rows["arrow_amplitude_error"] for sign in (-1, 1)
    ]
    lowest, highest = ends[0].clip(lower=-2).min(), ends[1].clip(upper=4).max()
    axes.set_xlim(np.nanmin([-0.3, lowest - 0.2]), 1.35 * np.nanmax([2.3, highest]))
    axes.set_xlabel("Log-odds over expected ones")
    style.name_panel(axes, 1, "Arrow of time")


def _key(rows: pd.DataFrame, colours: Sequence[str]) -> list[Line2D]:
    drawn = [
        Line2D([], [], marker="o", color=style.INK, linewidth=0.9, label="measured, 95 %"),
        Line2D(
            [], [], marker="o", color=colours[0], linewidth=0.9, markerfacecolor="white",
            markeredgewidth=0.9, label="exact, 95 %",
        ),
        Line2D(
            [], [], marker="|", color=colours[1], linestyle="none", markersize=7,
            markeredgewidth=1.2, label="commuting noise, 95 % below",
        ),
        Line2D([], [], color=style.INK, linestyle=":", linewidth=0.9, label="detailed balance"),
        Line2D([], [], color=colours[0], linewidth=0.9, label="as predicted"),
    ]  # fmt: skip
    if not rows["stationary"].all():
        label = "some direction not stationary"
        drawn.append(Line2D([], [], marker="X", color=style.INK, linestyle="none", label=label))
    return drawn


def main() -> None:
    """Draw every subspace of every trajectory of a run's first network."""
    arguments = program.parse("Entropy production.", tables=False, layers=True)
    rows = rows_of(files.read(arguments.layers))
    program.save(draw(rows, arguments.settings), arguments.output, rows)


if __name__ == "__main__":
    stage.run(main)

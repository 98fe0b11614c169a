"""One temperature?

a: temperature of each mode from its positions (filled) and steps (open), finite steps taken out, over the
learning rate (and momentum) as eta / 2 (1 - mu), and over the geometric mean of all; equal temperatures would lie in
one band of 10 %, and all trajectories on one line if the learning rate is the temperature. b: variance over its
small-step (Langevin) limit, with the errors of both, and the exact law. c: kinetic over
configurational temperature in the corrected mapping; the line is 1, the dashes what the published mapping says, whose
kinetic temperature is 2 / (1 + momentum) times as high. Bars are 95 % intervals.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from gradnoise import stage
from gradnoise.figures import keys, program, scales, style
from gradnoise.figures.langevin import files
from gradnoise.figures.langevin.files import Result
from gradnoise.figures.settings import Settings
from gradnoise.langevin.theory.mapping import temperature
from gradnoise.langevin.theory.stationary import stability_limit
from gradnoise.store.variables import NORMAL
from gradnoise.trajectory.names import MODEL

READS = "langevin"
SUBSPACE = MODEL
NEEDS = ("trajectories",)

TEMPERATURES = (
    *("temperature", "temperature_error", "kinetic_temperature", "kinetic_temperature_error"),
)

EQUAL = 1.1  # times as hot, or as cold, as the others


def rows_of(results: Sequence[Result]) -> pd.DataFrame:
    """Temperatures of all eigenvectors of all trajectories, and variances over their small-step limit."""
    rows = pd.concat([_rows(result) for result in results], ignore_index=True)
    mean = np.exp(np.log(rows["temperature"]).mean())
    for name in TEMPERATURES:
        rows[name] /= mean
    return rows


def _rows(result: Result) -> pd.DataFrame:
    rows, n = result.eigenvectors, result.numbers
    rows = rows[rows["curvature"] > 0]
    unit = temperature(1.0, n["learning_rate"], n["momentum"])
    ratio = rows["variance"] / rows["continuous_variance"]
    own, other = (
        rows[f"{name}_error"] / rows[name] for name in ("variance", "continuous_variance")
    )
    columns = {
        "variant": result.variant,
        "title": result.title,
        "direction": rows["direction"],
        "curvature": rows["curvature"],
        "step": n["learning_rate"] * rows["curvature"],
        "momentum": n["momentum"],
        "independent": n["sampling"] == "with_replacement",
        "ratio": ratio,
        "ratio_error": ratio * np.hypot(own, other.fillna(0)),
        "stationary": rows["stationary"],
    }
    kinetic = {name: rows[name] for name in ("kinetic_ratio", "kinetic_ratio_error")}
    return pd.DataFrame(
        {**columns, **{name: rows[name] / unit for name in TEMPERATURES}, **kinetic}
    )


def draw(rows: pd.DataFrame, settings: Settings) -> Figure:
    """Three panels; a colour and a marker for every trajectory."""
    colours = style.apply(settings)
    columns = style.side_by_side(settings, 3)
    drawn, grid = style.figure(
        settings, 2.9 if columns > 1 else 7.2, style.PAGE if columns > 1 else style.COLUMN,
        nrows=3 // columns, ncols=columns, squeeze=False,
    )  # fmt: skip
    left, middle, right = grid.flat
    handles = []
    for place, (title, each) in enumerate(rows.groupby("title", sort=False)):
        colour, marker = style.line_style(place, colours)
        shift = 1.03 ** (place - rows["title"].nunique() / 2)
        each = each.assign(curvature=each["curvature"] * shift)
        _points(left, each, "curvature", "temperature", colour, marker)
        _points(left, each, "curvature", "kinetic_temperature", colour, marker, face="white")
        _points(middle, each, "step", "ratio", colour, marker)
        _points(right, each, "curvature", "kinetic_ratio", colour, marker)
        published = 2 / (1 + each["momentum"].iloc[0])
        right.axhline(published, color=colour, linestyle="--", linewidth=0.9, zorder=0)
        handles.append(
            Line2D(
                [],
                [],
                color=colour,
                marker=marker,
                linestyle="none",
                label=_name(drawn, str(title)),
            )
        )
    _exact_ratios(middle, rows)
    left.axhspan(1 / EQUAL, EQUAL, color=style.FAINT, linewidth=0, zorder=0)
    right.axhline(1, color=style.GREY, linewidth=0.9, zorder=0)
    mappings = [
        Line2D([], [], color=style.GREY, linewidth=0.9, label="corrected mapping"),
        Line2D([], [], color=style.GREY, linestyle="--", linewidth=0.9, label="published mapping"),
    ]
    right.legend(handles=mappings, loc="lower left")
    _label(left, middle, right)
    keys.key(drawn, handles)
    return drawn


def _name(drawn: Figure, title: str) -> str:
    """Of a trajectory in the key, in two lines where the figure is as narrow as a column."""
    return title if style.is_wide(drawn) else title.replace(": ", ":\n", 1)


def _points(
    axes: Axes, rows: pd.DataFrame, x: str, y: str, colour: str, marker: str, face: str = ""
) -> None:
    axes.errorbar(
        rows[x], rows[y], NORMAL * rows[f"{y}_error"].fillna(0), fmt=marker, color=colour,
        markerfacecolor=face or colour, markeredgewidth=0.8 if face else 0, elinewidth=0.7,
    )  # fmt: skip


def _label(left: Axes, middle: Axes, right: Axes) -> None:
    left.set(xlabel="Curvature h", ylabel="Temperature over learning rate")
    middle.set(xlabel="Learning rate times curvature, ηh")
    middle.set_ylabel("Variance over its small-step limit")
    right.set(xlabel="Curvature h", ylabel="Kinetic over configurational")
    right.set_ylim(bottom=0)
    scales.logarithm(left.xaxis, left.yaxis, middle.xaxis, right.xaxis)
    for place, (axes, title) in enumerate(
        ((left, "Temperature of modes"), (middle, "Small-step limit"), (right, "Positions, steps"))
    ):
        style.name_panel(axes, place, title)


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
    axes.legend(loc="upper left")


def main() -> None:
    """Draw all trajectories of a run's first network."""
    arguments = program.parse("Temperatures.", tables=False, layers=True)
    rows = rows_of(files.read(arguments.layers, MODEL))
    program.save(draw(rows, arguments.settings), arguments.output, rows)


if __name__ == "__main__":
    stage.run(main)

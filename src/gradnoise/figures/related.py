"""The figure of a related study: its panels, as the study declares them, from the arrays that it gave."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from scipy.special import stdtrit

from gradnoise import stage
from gradnoise.figures import program, scales, style
from gradnoise.figures.settings import Settings
from gradnoise.related import results
from gradnoise.related.conduct import load
from gradnoise.related.study import Panel, Study
from gradnoise.store.results import read_attributes

POINTS = 20  # on a horizontal axis that are drawn one by one
REPEAT = "repeat"


def numbers(study: Study, arrays: Mapping[str, Any]) -> pd.DataFrame:
    """What the figure shows: a row for every point of every panel.

    Args:
        study: with its panels.
        arrays: by the names of its variables.

    Returns:
        `panel`, `line`, `at` (the coordinate, or the place of a category), `category`, `value` (mean over repeats),
        `lower` and `upper` (its 95 % interval, missing where nothing was repeated) and `expected`.
    """
    return pd.concat([_panel(study, panel, arrays) for panel in study.panels], ignore_index=True)


def _panel(study: Study, panel: Panel, arrays: Mapping[str, Any]) -> pd.DataFrame:
    dimensions = {variable.name: variable.dimensions for variable in study.variables}
    names = [name for name in dimensions[panel.values] if name != REPEAT]
    categories = () if isinstance(panel.against, str) else panel.against
    across = names[-1] if categories else dimensions[str(panel.against)][0]
    at = np.arange(len(categories)) if categories else arrays[str(panel.against)]
    mean, half = _interval(arrays[panel.values], dimensions[panel.values])
    shown = {"value": mean, "lower": mean - half, "upper": mean + half}
    shown["expected"] = arrays[panel.expected] if panel.expected else np.full_like(mean, np.nan)
    rows = {key: np.atleast_2d(_last(each, names, across)) for key, each in shown.items()}
    lines = panel.lines or ("",)
    return pd.DataFrame(
        {
            "panel": panel.title,
            "line": np.repeat(lines, len(at)),
            "at": np.tile(at, len(lines)),
            "category": np.tile(categories or [""] * len(at), len(lines)),
            **{key: each.ravel() for key, each in rows.items()},
        }
    )


def _interval(values: Any, dimensions: tuple[str, ...]) -> tuple[Any, Any]:
    """Mean over repeats, and half its 95 % interval."""
    values = np.asarray(values, np.float64)
    if REPEAT not in dimensions:
        return values, np.full(values.shape, np.nan)
    axis = dimensions.index(REPEAT)
    count = values.shape[axis]
    error = values.std(axis=axis, ddof=1) / np.sqrt(count)
    return values.mean(axis=axis), stdtrit(count - 1, 0.975) * error


def _last(values: Any, names: list[str], across: str) -> Any:
    """The horizontal axis' dimension last."""
    return np.moveaxis(np.asarray(values, np.float64), names.index(across), -1)


def draw(study: Study, shown: pd.DataFrame, settings: Settings) -> Figure:
    """A panel for each that the study declares.

    Args:
        study: with its panels and variables.
        shown: as `numbers` gives it.
        settings: `style`.
    """
    colours = style.apply(settings)
    count = len(study.panels)
    # Two rows from four panels on: beside each other they would be narrower than their labels.
    columns = style.side_by_side(settings, count if count < 4 else -(-count // 2))
    rows = -(-count // columns)
    drawn, grid = style.figure(settings, 0.2 + 2.1 * rows, nrows=rows, ncols=columns, squeeze=False)
    for axes in grid.flat[count:]:
        axes.remove()
    for place, (axes, panel) in enumerate(zip(grid.flat, study.panels, strict=False)):
        mine = shown[shown["panel"] == panel.title]
        for number, (name, line) in enumerate(mine.groupby("line", sort=False)):
            _draw_line(axes, line, str(name), style.line_style(number, colours), panel)
        _dress(axes, study, panel, mine)
        style.name_panel(axes, place, panel.title)
    return drawn


def _draw_line(
    axes: Axes, line: pd.DataFrame, name: str, look: tuple[str, str], panel: Panel
) -> None:
    colour, marker = look
    at, value = line["at"].to_numpy(float), line["value"].to_numpy()
    lower, upper = line["lower"].to_numpy(), line["upper"].to_numpy()
    by_point = len(at) <= POINTS
    if not isinstance(panel.against, str):
        step = 0.12 * (panel.lines.index(name) - (len(panel.lines) - 1) / 2) if name else 0.0
        at = at + step
        axes.plot(at, line["expected"], "_", color=style.INK, markersize=14, markeredgewidth=0.8)
    elif panel.expected:
        axes.plot(at, line["expected"], "-" if by_point else "--", color=colour, linewidth=0.9)
    elif by_point:
        axes.plot(at, value, color=colour, linewidth=0.7, alpha=0.6)
    if by_point:
        ends = np.nan_to_num(np.abs(np.stack([value - lower, upper - value])))
        axes.errorbar(at, value, ends, fmt=marker, color=colour, elinewidth=0.9, label=name)
    else:
        axes.fill_between(at, lower, upper, color=colour, alpha=0.2, linewidth=0)
        axes.plot(at, value, color=colour, label=name)


def _dress(axes: Axes, study: Study, panel: Panel, shown: pd.DataFrame) -> None:
    """Scales, the level, labels and the key of a panel."""
    variables = {variable.name: variable for variable in study.variables}
    scales.logarithm(*(getattr(axes, f"{name}axis") for name in panel.log))
    if np.isfinite(panel.level):
        axes.axhline(panel.level, color=style.GREY, linewidth=0.8, linestyle=":", zorder=0)
    axes.set_ylabel(panel.label or _label(variables[panel.values]))
    if isinstance(panel.against, str):
        axes.set_xlabel(_label(variables[panel.against]))
        if "x" not in panel.log and (shown["at"] % 1 == 0).all():
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    else:
        axes.set_xticks(range(len(panel.against)), panel.against)
        axes.set_xlim(-0.5, len(panel.against) - 0.5)
    if panel.lines:
        axes.legend(loc="best", fontsize=7)


def _label(variable: Any) -> str:
    unit = f" ({variable.units.replace('^2', '²')})" if variable.units not in ("", "1") else ""
    return f"{variable.long_name}{unit}"


def main() -> None:
    """Draw the study whose file is given."""
    arguments = program.parse("A related study.", tables=False, layers=True)
    (path,) = arguments.layers
    study = load(str(read_attributes(path, results.STAGE)["study"]))
    shown = numbers(study, results.read(path).arrays)
    program.save(draw(study, shown, arguments.settings), arguments.output, shown)


if __name__ == "__main__":
    stage.run(main)

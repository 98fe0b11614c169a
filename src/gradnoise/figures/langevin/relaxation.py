"""Relaxation and diffusion

Left: autocorrelations along eigenvectors (points), of the fitted autoregression (lines) and exact
(dashes). Right: mean squared displacement summed over the recorded eigenvectors, which saturates at twice
their variance once all have relaxed; exact where batches are independent.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from gradnoise import stage
from gradnoise.figures import keys, scales, style
from gradnoise.figures.langevin import files
from gradnoise.figures.langevin.files import Result
from gradnoise.figures.langevin.stationary_histograms import shown
from gradnoise.figures.settings import Settings
from gradnoise.langevin.theory.relaxation import autocorrelation
from gradnoise.trajectory.names import MODEL

READS = "langevin"
SUBSPACE = MODEL
NEEDS = ("trajectories",)


def draw(results: Sequence[Result], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """Two panels for every trajectory: autocorrelations, and displacement."""
    colours = style.apply(settings)
    columns = style.side_by_side(settings, 2)
    rows = 2 * len(results) // columns
    drawn, grid = style.figure(
        settings, 0.6 + 2 * rows, style.PAGE if columns > 1 else style.COLUMN,
        nrows=rows, ncols=columns, squeeze=False,
    )  # fmt: skip
    frames = []
    for place, result in enumerate(results):
        left, right = grid.flat[2 * place], grid.flat[2 * place + 1]
        frames += [_correlations(left, result, colours), _displacement(right, result, colours)]
        style.name_panel(left, 2 * place, result.heading)
        style.name_panel(right, 2 * place + 1, "")
        left.set_ylabel("Autocorrelation")
        right.set_ylabel("Squared displacement")
        left.legend(loc="best", fontsize=6.5)
    for axes in grid[-1]:
        axes.set_xlabel("Lag (steps)")
    keys.key(drawn, _key(colours), across=4)
    return drawn, pd.concat(frames, ignore_index=True)


def _key(colours: Sequence[str]) -> list[Line2D]:
    return [
        Line2D([], [], marker="o", color=style.GREY, linestyle="none", label="measured"),
        Line2D([], [], color=style.GREY, linewidth=0.8, label="fitted autoregression"),
        Line2D([], [], color=style.GREY, linestyle="--", linewidth=0.8, label="exact"),
        Line2D([], [], color=colours[0], linestyle="--", label="exact displacement"),
    ]


def _correlations(axes: Axes, result: Result, colours: Sequence[str]) -> pd.DataFrame:
    """Points: measured. Lines: the fitted autoregression of the order that BIC chose. Dashed: theory."""
    frames, rate = [], result.numbers["learning_rate"]
    for number, place in enumerate(shown(result)):
        row = result.eigenvectors.iloc[place]
        index = int(row["direction"])
        measured = result.arrays["autocorrelation"][index]
        predicted = result.arrays["predicted_autocorrelation"][index]
        lags = np.arange(len(measured))
        fitted = _fitted(row, rate, lags)
        colour, marker = style.line_style(number, colours)
        points = np.unique(np.geomspace(1, lags[-1], 16).astype(int))
        label = f"ηh = {rate * row['curvature']:.2g}"
        axes.plot(lags[points], measured[points], marker, color=colour, label=label)
        axes.plot(lags[1:], fitted[1:], color=colour, linewidth=0.8)
        axes.plot(lags[1:], predicted[1:], "--", color=colour, linewidth=0.8)
        columns = {"lag": lags, "measured": measured, "fitted": fitted, "predicted": predicted}
        frames.append(pd.DataFrame({"variant": result.variant, "direction": index, **columns}))
    axes.axhline(0, color=style.FAINT, linewidth=0.6, zorder=0)
    scales.logarithm(axes.xaxis)
    return pd.concat(frames, ignore_index=True)


def _fitted(row: pd.Series, rate: float, lags: np.ndarray) -> np.ndarray:
    name = "second" if row["order"] == 2 else "first"
    momentum = min(max(row[f"{name}_momentum"], 0.0), 0.999)
    try:
        return np.asarray(autocorrelation(row[f"{name}_curvature"], rate, momentum, lags))
    except ValueError:
        return np.full(len(lags), np.nan)


def _displacement(axes: Axes, result: Result, colours: Sequence[str]) -> pd.DataFrame:
    measured = result.arrays["displacement"].reshape(-1)[1:]
    predicted = result.arrays["predicted_displacement"].reshape(-1)[1:]
    lags = np.arange(1, len(measured) + 1)
    axes.plot(lags, measured, color=style.INK)
    if np.isfinite(predicted).any():
        axes.plot(lags, predicted, "--", color=colours[0])
    scales.logarithm(axes.xaxis)
    axes.set_ylim(bottom=0)
    scales.common_power(axes.yaxis)
    columns = {"lag": lags, "displacement": measured, "predicted_displacement": predicted}
    return pd.DataFrame({"variant": result.variant, **columns})


if __name__ == "__main__":
    stage.run(partial(files.main, "Relaxation.", draw))

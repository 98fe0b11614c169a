"""Relaxation and diffusion

Left: autocorrelations along eigenvectors (points), of the fitted autoregression (lines) and
predicted (dashed). Right: mean squared displacement summed over the recorded eigenvectors.
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
from gradnoise.figures.langevin.stationary_histograms import shown
from gradnoise.figures.settings import Settings
from gradnoise.langevin.theory.relaxation import autocorrelation
from gradnoise.trajectory.names import MODEL

READS = "langevin"
SUBSPACE = MODEL
NEEDS = ("trajectories",)


def draw(results: Sequence[Result], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """A row for every trajectory: autocorrelations on the left, displacement on the right."""
    colours = style.apply(settings)
    drawn, grid = style.figure(
        settings, 0.5 + 1.9 * len(results), nrows=len(results), ncols=2, squeeze=False
    )
    frames = []
    for (left, right), result in zip(grid, results, strict=True):
        frames += [_correlations(left, result, colours), _displacement(right, result, colours)]
        left.set_title(result.title, fontweight="bold")
        left.set_ylabel("Autocorrelation")
        left.legend(loc="upper right", fontsize=6.5)
        right.set_ylabel("Mean squared displacement")
        right.yaxis.set_label_position("right")
        right.yaxis.tick_right()
    for axes in grid[-1]:
        axes.set_xlabel("Lag (steps)")
    return drawn, pd.concat(frames, ignore_index=True)


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
        points = np.unique(np.geomspace(1, len(lags), 16).astype(int)) - 1
        label = f"ηh = {rate * row['curvature']:.2g}"
        axes.plot(lags[points], measured[points], marker, color=colour, label=label)
        axes.plot(lags, fitted, color=colour, linewidth=0.8)
        axes.plot(lags, predicted, "--", color=colour, linewidth=0.8)
        columns = {"lag": lags, "measured": measured, "fitted": fitted, "predicted": predicted}
        frames.append(pd.DataFrame({"variant": result.variant, "direction": index, **columns}))
    axes.axhline(0, color=style.FAINT, linewidth=0.6, zorder=0)
    axes.set_xscale("symlog", linthresh=1)
    axes.set_xlim(0, len(lags))
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
    axes.loglog(lags, measured, color=style.INK, label="measured")
    axes.loglog(lags, predicted, "--", color=colours[0], label="predicted")
    slope, error = (result.numbers[f"diffusion_exponent{part}"] for part in ("", "_error"))
    uncertain = f" ± {error:.2f}" if np.isfinite(error) else ""
    axes.annotate(
        f"all directions: t^{slope:.2f}{uncertain}\nat the longest lags: "
        f"t^{result.numbers['last_diffusion_exponent']:.2f}",
        (0.97, 0.05),
        xycoords="axes fraction",
        ha="right",
        fontsize=7,
        color=style.GREY,
    )
    axes.legend(loc="upper left")
    columns = {"lag": lags, "displacement": measured, "predicted_displacement": predicted}
    return pd.DataFrame({"variant": result.variant, **columns})


if __name__ == "__main__":
    stage.run(partial(files.main, "Relaxation.", draw))

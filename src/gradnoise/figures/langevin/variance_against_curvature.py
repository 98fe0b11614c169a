"""Variance against curvature

Measured variances, the exact prediction and its small-step limit, each with its 95 % interval, over the
isotropic law: the one variance that all directions would have if the noise were proportional to the
Hessian (by the geometric mean of noise over curvature) and steps were small. Exact values stand beside the measured
ones at the same curvature.
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
from gradnoise.figures.settings import Settings
from gradnoise.langevin.theory.mapping import temperature
from gradnoise.store.variables import NORMAL
from gradnoise.trajectory.names import MODEL

READS = "langevin"
SUBSPACE = MODEL
NEEDS = ("trajectories",)

APART = 1.04  # factor between the curvatures at which neighbours are drawn


def draw(results: Sequence[Result], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """A panel for every trajectory."""
    colours = style.apply(settings)
    labels = "Curvature h (loss per parameter squared)", "Variance over isotropic law"
    drawn, grid = files.panels(settings, results, 0.5, 2.1, *labels)
    frames = []
    for place, result in enumerate(results):
        frames.append(relative(result))
        _panel(grid.flat[place], frames[-1], colours)
        n = result.numbers
        exponents = f"C ~ H^{_pm(n, 'noise_exponent')}, variance ~ H^{_pm(n, 'variance_exponent')}"
        style.name_panel(grid.flat[place], place, f"{result.heading}\n{exponents}")
    keys.key(drawn, _key(colours, pd.concat(frames)))
    return drawn, pd.concat(frames, ignore_index=True)


def _pm(numbers: dict[str, float], name: str) -> str:
    value, error = numbers[name], NORMAL * numbers[f"{name}_error"]
    return f"{value:.2f} ± {error:.2f}".replace("-", "−")


def isotropic_law(rows: pd.DataFrame, result: Result) -> float:
    """Variance of Proposition 2, the same along every direction: C = s^2 H with s^2 the mean of c / h."""
    usable = rows[(rows["curvature"] > 0) & (rows["noise_variance"] > 0)]
    scale = np.exp(np.log(usable["noise_variance"] / usable["curvature"]).mean())
    n = result.numbers
    return float(temperature(scale, n["learning_rate"], n["momentum"]))


def relative(result: Result) -> pd.DataFrame:
    """Variances and their errors over the isotropic law, a row per eigenvector."""
    rows = result.eigenvectors
    rows = rows[rows["curvature"] > 0].sort_values("curvature")
    law = isotropic_law(rows, result)
    columns = [
        f"{name}{end}"
        for name in ("variance", "predicted_variance", "continuous_variance")
        for end in ("", "_error")
    ]
    shown = rows[["direction", "curvature", "stationary"]]
    return shown.assign(variant=result.variant, isotropic_law=law, **rows[columns] / law)


def _panel(axes: Axes, rows: pd.DataFrame, colours: Sequence[str]) -> None:
    axes.axhline(1, color=style.GREY, linestyle=":", linewidth=0.9)
    still = rows["stationary"].astype(bool)
    for name, colour, marker, face, shift, chosen in (
        ("predicted_variance", colours[0], "o", "white", APART, rows["curvature"] > 0),
        ("continuous_variance", colours[1], "s", "white", 1 / APART, rows["curvature"] > 0),
        ("variance", style.INK, "o", style.INK, 1.0, still),
        ("variance", style.INK, "X", style.INK, 1.0, ~still),
    ):
        each = rows[chosen]
        axes.errorbar(
            each["curvature"] * shift, each[name], NORMAL * each[f"{name}_error"].fillna(0),
            fmt=marker, color=colour, markerfacecolor=face, markeredgewidth=0.8, elinewidth=0.8,
        )  # fmt: skip
    scales.logarithm(axes.xaxis)


def _key(colours: Sequence[str], rows: pd.DataFrame) -> list[Line2D]:
    def mark(marker: str, colour: str, label: str, face: str) -> Line2D:
        return Line2D(
            [], [], marker=marker, color=colour, label=label, markerfacecolor=face,
            markeredgewidth=0.8, linewidth=0.8,
        )  # fmt: skip

    drawn = [
        mark("o", style.INK, "measured, 95 %", style.INK),
        mark("o", colours[0], "exact, 95 %", "white"),
        mark("s", colours[1], "small-step limit, 95 %", "white"),
        Line2D([], [], color=style.GREY, linestyle=":", linewidth=0.9, label="isotropic law"),
    ]
    if not rows["stationary"].astype(bool).all():
        drawn.append(mark("X", style.INK, "not stationary", style.INK))
    return drawn


if __name__ == "__main__":
    stage.run(partial(files.main, "Variance against curvature.", draw))

"""Circulation: area rates against prediction

Area that the trajectory sweeps per step in the plane of every pair of Hessian eigenvectors, in
standard deviations squared, against the exact rate from the measured Hessian and noise, with 95 %
intervals; zero in detailed balance. The arrow of time adds all pairs up along the prediction: its
score is Gaussian for any law in detailed balance, its amplitude is 1 if the prediction holds.
Trajectories without independent batches have no prediction.
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
from gradnoise.trajectory.names import MODEL

READS = "langevin"
SUBSPACE = MODEL
NEEDS = ("trajectories",)

UNITS = 1000  # rates are drawn in thousandths


def pairs(result: Result) -> pd.DataFrame:
    """Every pair of eigenvectors once: rates over both standard deviations, and their errors."""
    rates = {
        name: result.arrays[f"area_rate_{name}"]
        for name in ("measured", "error", "predicted", "predicted_error")
    }
    deviation = np.sqrt(result.eigenvectors["variance"].to_numpy())
    first, second = np.triu_indices(len(deviation), 1)
    scale = deviation[first] * deviation[second]
    columns = {name: values[first, second] / scale for name, values in rates.items()}
    return pd.DataFrame({"variant": result.variant, "first": first, "second": second, **columns})


def draw(results: Sequence[Result], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """A panel for every trajectory that theory has rates for."""
    colours = style.apply(settings)
    labels = "Exact (sd² per 1,000 steps)", "Measured (sd² per 1,000 steps)"
    drawn, grid = files.panels(settings, results, 0.5, 2.3, *labels)
    frames = []
    for place, result in enumerate(results):
        frames.append(pairs(result))
        _panel(grid.flat[place], frames[-1], colours[0])
        grid.flat[place].annotate(
            arrow(result), (0.02, 0.98), xycoords="axes fraction", va="top", fontsize=7
        )
        style.name_panel(grid.flat[place], place, result.heading)
    keys.key(drawn, _key(colours[0]))
    return drawn, pd.concat(frames, ignore_index=True)


def arrow(result: Result) -> str:
    """The arrow of time in words."""
    n = result.numbers
    if not np.isfinite(n["arrow_score"]):
        return "arrow of time:\nno error, or none expected"
    return (
        f"arrow of time: z = {n['arrow_score']:.1f}\nreversible control: {n['control_arrow_score']:.1f}\n"
        f"amplitude {n['arrow_amplitude']:.2f} ± {NORMAL * n['arrow_amplitude_error']:.2f}"
    ).replace("-", "−")


def _panel(axes: Axes, rows: pd.DataFrame, colour: str) -> None:
    exact, measured = UNITS * rows["predicted"], UNITS * rows["measured"]
    ends = np.array([exact.min(), exact.max()]) * 1.15
    axes.plot(ends, ends, color=style.GREY, linewidth=0.9, zorder=1)
    axes.axhline(0, color=style.INK, linewidth=0.9, linestyle=":", zorder=1)
    axes.errorbar(
        exact, measured, NORMAL * UNITS * rows["error"], NORMAL * UNITS * rows["predicted_error"],
        fmt="o", color=colour, elinewidth=0.6, zorder=2,
    )  # fmt: skip


def _key(colour: str) -> list[Line2D]:
    return [
        Line2D([], [], marker="o", color=colour, linewidth=0.6, label="pair of eigenvectors, 95 %"),
        Line2D([], [], color=style.GREY, linewidth=0.9, label="as predicted"),
        Line2D([], [], color=style.INK, linewidth=0.9, linestyle=":", label="detailed balance"),
    ]


def main() -> None:
    """Draw every trajectory of a run's first network in which theory has a circulation."""
    arguments = program.parse("Area rates.", tables=False, layers=True)
    results = files.read(arguments.layers, MODEL)
    predicted = [r for r in results if np.isfinite(r.arrays["area_rate_predicted"]).any()]
    if not predicted:
        program.save_without_data(arguments, "no trajectory whose circulation theory predicts")
        return
    drawn, numbers = draw(predicted, arguments.settings)
    program.save(drawn, arguments.output, numbers)


if __name__ == "__main__":
    stage.run(main)

"""Entropy production

In the span of the leading eigenvectors of every layer and of the model, against how far noise and
Hessian are from commuting. Layers are coupled to the rest of the network, so that only the model's
prediction is exact.
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
from gradnoise.store.variables import NORMAL

READS = "langevin"
NEEDS = ("trajectories",)

NUMBERS = [
    *("commutator", "entropy_production", "entropy_production_error"),
    *("predicted_entropy_production", "null_entropy_production"),
]


def rows_of(results: Sequence[Result]) -> pd.DataFrame:
    """One row for every subspace of every trajectory."""
    rows = [
        {
            "variant": result.variant,
            "title": result.title,
            "subspace": result.subspace,
            "stationary": bool(result.eigenvectors["stationary"].astype(bool).all()),
            **{name: result.numbers[name] for name in NUMBERS},
        }
        for result in results
    ]
    return pd.DataFrame(rows)


def draw(rows: pd.DataFrame, settings: Settings) -> Figure:
    """Measured with error bars, exact as open rings, what commuting surrogates reach as ticks below."""
    colours = style.apply(settings)
    drawn, axes = style.figure(settings, 3.0, style.COLUMN)
    for place, (title, each) in enumerate(rows.groupby("title", sort=False)):
        _variant(axes, each, str(title), *style.line_style(place, colours))
    shown = rows[NUMBERS[1:]].drop(columns="entropy_production_error").to_numpy(float)
    if np.nanmin(shown) > 0:
        axes.set_yscale("log")
        scales.plain_logarithm(axes.yaxis)
    axes.set_xlabel("Commutator |CH − HC| / (|C| |H|)")
    axes.set_ylabel("Entropy production (nats per step)")
    axes.set_title("Rings: exact; dashes: null, 95 %", fontweight="bold")
    drawn.legend(loc="outside lower center", ncols=1, handles=axes.get_legend_handles_labels()[0])
    return drawn


def _variant(axes: Axes, rows: pd.DataFrame, title: str, colour: str, marker: str) -> None:
    """All subspaces of one trajectory; crosses where a direction is not stationary."""
    x, still = rows["commutator"], rows["stationary"].astype(bool)
    measured, error = rows["entropy_production"], rows["entropy_production_error"]
    axes.errorbar(x, measured, NORMAL * error, fmt="none", ecolor=colour, elinewidth=0.8)
    moving = f"{title} (not stationary)"
    for chosen, symbol, label in ((still, marker, title), (~still, "x", moving)):
        if chosen.any():
            axes.plot(
                x[chosen], measured[chosen], symbol, color=colour, label=label, markeredgewidth=1
            )
    axes.plot(
        x, rows["predicted_entropy_production"], "o", markersize=8,
        markerfacecolor="none", markeredgecolor=colour, markeredgewidth=0.8,
    )  # fmt: skip
    null = rows["null_entropy_production"]
    axes.plot(x, null, "_", color=colour, markersize=8, markeredgewidth=1.0)


def main() -> None:
    """Draw every subspace of every trajectory of a run's first network."""
    arguments = program.parse("Entropy production.", tables=False, layers=True)
    rows = rows_of(files.read(arguments.layers))
    program.save(draw(rows, arguments.settings), arguments.output, rows)


if __name__ == "__main__":
    stage.run(main)

"""Fluctuations with depth

Over networks of one kind: the variance of the preactivations' mean square, of the tangent kernel's mean over units, and the
covariance of both (its size), times the width and over the squared means. Bands: 95 % intervals over groups of
networks. Solid: the limit q → 0 without biases, of which the literature speaks; dashed and dotted: critical networks at other q.
"""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from gradnoise import stage
from gradnoise.figures import keys, program, scales, style
from gradnoise.figures.settings import Settings
from gradnoise.store.variables import NORMAL
from gradnoise.tables.catalogue import read_table

STUDY = "fluctuations"
SHOWN = {
    "preactivation_fluctuation": "Preactivations",
    "kernel_fluctuation": "Tangent kernel",
    "correlator": "Both",
}
DASHES: tuple[Any, ...] = ("-", (0, (4, 2)), (0, (1, 1.5)), (0, (4, 1, 1, 1)))
KINDS = ("orthogonal", "gaussian")


def draw(rows: pd.DataFrame, settings: Settings) -> Figure:
    """Three panels of `summary`."""
    colours = style.apply(settings)
    columns = style.side_by_side(settings, 3)
    drawn, grid = style.figure(
        settings, 0.7 + 2.2 * (3 // columns), ncols=columns, nrows=3 // columns, squeeze=False
    )
    values = sorted(rows["q"].unique())
    for place, (axes, (name, title)) in enumerate(zip(grid.flat, SHOWN.items(), strict=True)):
        for kind, colour in zip(KINDS, colours, strict=False):
            for q, dashes in zip(values, DASHES, strict=False):
                mine = rows[(rows["initialisation"] == kind) & (rows["q"] == q)]
                mine = mine[mine[name] > 0]
                low = np.maximum(mine[name] - NORMAL * mine[f"{name}_error"], 1e-9)
                high = mine[name] + NORMAL * mine[f"{name}_error"]
                axes.fill_between(mine["depth"], low, high, color=colour, alpha=0.2, linewidth=0)
                axes.plot(mine["depth"], mine[name], color=colour, linestyle=dashes, linewidth=1.0)
        scales.logarithm(axes.yaxis)
        axes.set_ylim(bottom=1e-5)
        axes.set_xlabel("Depth")
        style.name_panel(axes, place, title)
    key = [
        Line2D(
            [],
            [],
            color=colour,
            linewidth=2,
            label=kind.replace("g", "G", 1) if kind == "gaussian" else kind,
        )
        for kind, colour in zip(KINDS, colours, strict=False)
    ]
    key += [
        Line2D([], [], color=style.GREY, linestyle=dashes, label=f"q = {q:.3g}" if q else "q → 0")
        for q, dashes in zip(values, DASHES, strict=False)
    ]
    keys.key(drawn, key, across=5, narrow=2)
    return drawn


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Mean over groups of every quantity's size with its standard error, by initialisation, q and depth.

    Args:
        rows: of the table `fluctuations`.
    """
    groups = rows.groupby(["initialisation", "q", "depth"])[list(SHOWN)]
    count = groups.size().to_numpy()
    means, errors = groups.mean(), groups.std(ddof=1)
    found = means.abs().assign(
        **{f"{name}_error": errors[name].to_numpy() / np.sqrt(count) for name in SHOWN}
    )
    return found.reset_index()


def main() -> None:
    """Draw the experiment's ensembles."""
    arguments = program.parse("Fluctuations with depth.")
    numbers = summary(read_table(arguments.tables / "geometry_fluctuations.csv"))
    program.save(draw(numbers, arguments.settings), arguments.output, numbers)


if __name__ == "__main__":
    stage.run(main)

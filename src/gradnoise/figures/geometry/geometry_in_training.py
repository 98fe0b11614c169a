"""Curvature along training

One network of every kind of training at its best learning rate: the largest eigenvalue of the softmax's Fisher information,
the mean squared largest singular value of the Jacobian from inputs to outputs, and the Fisher information's condition number
(Gaussian likelihood, nonzero spectrum), over the epochs from the initialisation on. Solid and dashed: the smaller and the larger
variance q of the preactivations.
"""

from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from gradnoise import stage
from gradnoise.figures import keys, program, scales, style
from gradnoise.figures.geometry.arms import by_arm, key
from gradnoise.figures.settings import Settings
from gradnoise.tables.catalogue import read_table

STUDY = "training"
SHOWN = {
    "categorical_fisher": "Fisher's eigenvalue",
    "stretch": "Jacobian, squared",
    "condition": "Condition number",
}
DASHES: tuple[Any, ...] = ("-", (0, (4, 2)), (0, (1, 1.5)))


def draw(rows: pd.DataFrame, settings: Settings) -> Figure:
    """A row of panels for every depth.

    Args:
        rows: of the table `curvature`.
        settings: `style`.
    """
    colours = style.apply(settings)
    depths, values = sorted(rows["depth"].unique()), sorted(rows["q"].unique())
    columns = style.side_by_side(settings, 3)
    lines = len(depths) * (3 // columns)
    drawn, grid = style.figure(
        settings, 0.7 + 1.9 * lines, ncols=columns, nrows=lines, squeeze=False
    )
    panels = [(depth, name) for depth in depths for name in SHOWN]
    for place, (axes, (depth, name)) in enumerate(zip(grid.flat, panels, strict=True)):
        for arm, mine in by_arm(rows[rows["depth"] == depth]):
            for q, dashes in zip(values, DASHES, strict=False):
                at = mine[mine["q"] == q].sort_values("epoch")
                axes.plot(
                    at["epoch"], at[name], color=colours[arm], linestyle=dashes, linewidth=1.0
                )
        scales.logarithm(axes.yaxis)
        axes.set_xlabel("Epoch")
        where = f", depth {depth}" if len(depths) > 1 else ""
        style.name_panel(axes, place, SHOWN[name] + where)
    dashed = [
        Line2D([], [], color=style.GREY, linestyle=dashes, label=f"q = {q:.3g}")
        for q, dashes in zip(values, DASHES, strict=False)
    ]
    keys.key(drawn, [*key(colours, ["None"] * 3), *dashed], across=5)
    return drawn


def main() -> None:
    """Draw the experiment's networks."""
    arguments = program.parse("Curvature along training.")
    rows = read_table(arguments.tables / "geometry_curvature.csv")
    program.save(draw(rows, arguments.settings), arguments.output, rows)


if __name__ == "__main__":
    stage.run(main)

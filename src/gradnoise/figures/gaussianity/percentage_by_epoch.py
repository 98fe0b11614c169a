"""Gaussian coordinates over training

The same share at every measured epoch, at the smallest and the largest batch size, constant coordinates counted
as Gaussian, as in the paper. Epochs stand at equal distances, whatever lies between; lines only lead the eye.
Layers stand apart by what they compute, and where there are many, the ones at equal distances are shown; of residual
networks the first and the sixth convolution of every block, the paper's choice.
"""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gradnoise import stage
from gradnoise.figures import keys, lines, program, scales, style
from gradnoise.figures.settings import Settings
from gradnoise.tables.catalogue import LAYERS, read_table

READS = ""
NEEDS = (
    "noise",
    "epochs",
)

VALUE = "percentage_gaussian"
WIDE = 3  # panels of a row whose titles do not meet
MANY = 6  # lines of a panel whose names find room beside it


def shown(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Title of each panel column and the layers in it.

    Layers stand apart by what they compute, and of many the ones at equal distances are shown; of residual networks
    the first and sixth layer of every block.
    """
    blocks = sorted(set(rows["block"]) - {0})
    if blocks:
        chosen = rows[rows["index"].isin([1, 6])]
        return {f"block {block}": chosen[chosen["block"] == block] for block in blocks}
    columns = {}
    for operation, title in LAYERS.items():
        found = rows[rows["operation"] == operation]
        names = list(found["parameter"].unique())
        if len(names) > MANY:
            found = found[found["parameter"].isin(lines.thinned(names, MANY))]
            title = f"{MANY} of {len(names)} {title}"
        if names:
            columns[title] = found
    return columns


def draw(rows: pd.DataFrame, settings: Settings) -> Figure:
    """Draw one run at one number of batches: a row of panels, with an axis of its own, for each batch size.

    Where there are more columns than find room, each is a row instead, and the batch sizes stand side by side.

    Args:
        rows: aggregated rows of the run's weights, all epochs.
        settings: `significance`, `style`.
    """
    colours = style.apply(settings)
    columns = shown(rows)
    sizes = sorted({rows["batch_size"].min(), rows["batch_size"].max()})
    grid = [(size, title) for size in sizes for title in columns]
    beside = len(columns)
    if beside > WIDE:
        grid = [(size, title) for title in columns for size in sizes]
        beside = len(sizes)
    across = style.side_by_side(settings, beside)
    down = len(grid) // across
    drawn, panels = style.figure(
        settings, 0.75 + 1.5 * down, nrows=down, ncols=across, sharex=True, squeeze=False
    )
    chosen = pd.concat(columns.values())
    chosen = chosen[chosen["batch_size"].isin(sizes)]
    looks = _looks(chosen, colours)
    for place, (axes, (size, title)) in enumerate(zip(panels.flat, grid, strict=True)):
        at_size = chosen[chosen["batch_size"] == size]
        lowest = float(np.nanmin(at_size[f"{VALUE}_lower"].fillna(at_size[VALUE])))
        scales.percentages(axes, max(0.0, lowest))
        lines.ceiling(axes, settings.significance)
        layers = columns[title]
        _panel(axes, layers[layers["batch_size"] == size], looks, sorted(rows["epoch"].unique()))
        style.name_panel(axes, place, f"{title}, batch size {size}")
    counted = ", constant ones counted" if (rows["share_dirac"] > 0).any() else ""
    drawn.supylabel(f"Gaussian coordinates (%){counted}", fontsize=8)
    drawn.supxlabel(
        f"Measured epoch, not to scale (n = {rows['batches'].iloc[0]} batches)", fontsize=8
    )
    keys.key(drawn, [keys.ceiling(settings.significance), *keys.intervals(chosen, VALUE)])
    lines.direct_labels(
        {
            axes: _names(columns[title], size, looks)
            for axes, (size, title) in zip(panels.flat, grid, strict=True)
        }
    )
    return drawn


def _looks(rows: pd.DataFrame, colours: list[str]) -> dict[str, tuple[str, str]]:
    """Colour and marker of every layer; layers at the same place of different blocks look alike."""
    looks: dict[str, tuple[str, str]] = {}
    for name, layer in rows.groupby("parameter", sort=False):
        same_place = layer["block"].iloc[0] > 0
        place = int(layer["index"].iloc[0] > 1) if same_place else len(looks)
        looks[str(name)] = colours[place % len(colours)], style.MARKERS[place % len(style.MARKERS)]
    return looks


def _panel(
    axes: Axes, rows: pd.DataFrame, looks: dict[str, tuple[str, str]], epochs: list[int]
) -> None:
    place = {epoch: at for at, epoch in enumerate(epochs)}
    for name, layer in rows.groupby("parameter", sort=False):
        line = layer.assign(place=layer["epoch"].map(place)).sort_values("place")
        look = looks[str(name)]
        lines.with_interval(axes, line, "place", VALUE, *look, bars=True, linewidth=0.7)
    axes.set_xticks(range(len(epochs)), [str(epoch) for epoch in epochs])
    axes.set_xlim(-0.3, len(epochs) - 0.7)


def _names(layers: pd.DataFrame, size: int, looks: dict[str, tuple[str, str]]) -> list[lines.Entry]:
    """Name, last height and colour of every line."""
    last = layers[(layers["batch_size"] == size) & (layers["epoch"] == layers["epoch"].max())]
    short = lines.shortened(last["layer"])
    return [
        (short[row["layer"]], row[VALUE], looks[row["parameter"]][0]) for _, row in last.iterrows()
    ]


def main() -> None:
    """Draw the run at its fewest batches."""
    arguments = program.parse("Percentage of Gaussian coordinates over training.")
    settings = arguments.settings
    table = program.weights(read_table(arguments.tables / "gaussianity.csv"), settings.run)
    rows = table[table["batches"] == table["batches"].min()]
    program.save(draw(rows, settings), arguments.output, rows)


if __name__ == "__main__":
    stage.run(main)

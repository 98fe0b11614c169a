"""Gaussian coordinates over training

The same share at every measured epoch, at the smallest and the largest batch size; layers stand apart by what
they compute, and where there are many, the ones at equal distances are shown.
"""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from gradnoise import stage
from gradnoise.figures import lines, program, scales, style
from gradnoise.figures.settings import Settings
from gradnoise.tables.catalogue import LAYERS, read_table

READS = ""
NEEDS = (
    "noise",
    "epochs",
)

VALUE = "percentage_gaussian"
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
            some = np.linspace(0, len(names) - 1, MANY).round().astype(int)
            found = found[found["parameter"].isin([names[place] for place in some])]
            title = f"{MANY} of {len(names)} {title}"
        if names:
            columns[title] = found
    return columns


def draw(rows: pd.DataFrame, settings: Settings) -> Figure:
    """Draw one run at one number of batches.

    Args:
        rows: aggregated rows of the run's weights, all epochs.
        settings: `significance`, `style`.
    """
    colours = style.apply(settings)
    columns = shown(rows)
    sizes = sorted({rows["batch_size"].min(), rows["batch_size"].max()})
    drawn, panels = style.figure(
        settings,
        0.5 + 1.55 * len(sizes),
        nrows=len(sizes),
        ncols=len(columns),
        sharex=True,
        sharey=True,
        squeeze=False,
    )
    chosen = pd.concat(columns.values())
    chosen = chosen[chosen["batch_size"].isin(sizes)]
    lowest = float(np.nanmin(chosen[f"{VALUE}_lower"].fillna(chosen[VALUE])))
    looks = _looks(chosen, colours)
    for row, size in enumerate(sizes):
        for column, (title, layers) in enumerate(columns.items()):
            axes = panels[row, column]
            scales.percentages(axes, lowest)
            lines.ceiling(axes, settings.significance, label=row == 0 and column == 0)
            _panel(axes, layers[layers["batch_size"] == size], looks)
            heading = f"{title}, batch size {size}"
            axes.set_title(heading[0].upper() + heading[1:], fontweight="bold")
    for axes in panels[:, 0]:
        axes.set_ylabel("Gaussian coordinates (%)")
    batches = rows["batches"].iloc[0]
    note = f"Epoch; n = {batches} batches; bars: {lines.interval_note(rows)}"
    if (rows["share_dirac"] > 0).any():
        note += "; constant counted as Gaussian"
    drawn.supxlabel(note, fontsize=8)
    _name_lines(panels, columns, sizes, looks)
    return drawn


def _looks(rows: pd.DataFrame, colours: list[str]) -> dict[str, tuple[str, str]]:
    """Colour and marker of every layer; layers at the same place of different blocks look alike."""
    looks: dict[str, tuple[str, str]] = {}
    for name, layer in rows.groupby("parameter", sort=False):
        same_place = layer["block"].iloc[0] > 0
        place = int(layer["index"].iloc[0] > 1) if same_place else len(looks)
        looks[str(name)] = colours[place % len(colours)], style.MARKERS[place % len(style.MARKERS)]
    return looks


def _panel(axes: Axes, rows: pd.DataFrame, looks: dict[str, tuple[str, str]]) -> None:
    layers = rows.groupby("parameter", sort=False)
    step = 0.01 * (rows["epoch"].max() - rows["epoch"].min())
    for place, (name, layer) in enumerate(layers):
        beside = layer["epoch"] + step * lines.dodge(place, len(layers))
        line = layer.assign(beside=beside).sort_values("epoch")
        lines.with_interval(axes, line, "beside", VALUE, *looks[str(name)], bars=True)
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True, steps=[1, 2, 5, 10]))


def _name_lines(
    panels: np.ndarray,
    columns: dict[str, pd.DataFrame],
    sizes: list[int],
    looks: dict[str, tuple[str, str]],
) -> None:
    for row, size in enumerate(sizes):
        for column, layers in enumerate(columns.values()):
            last = layers[
                (layers["batch_size"] == size) & (layers["epoch"] == layers["epoch"].max())
            ]
            short = lines.shortened(last["layer"])
            entries = [
                (short[r["layer"]], r[VALUE], looks[r["parameter"]][0]) for _, r in last.iterrows()
            ]
            lines.direct_labels(panels[row, column], entries)


def main() -> None:
    """Draw the run at its fewest batches."""
    arguments = program.parse("Percentage of Gaussian coordinates over training.")
    settings = arguments.settings
    table = program.weights(read_table(arguments.tables / "gaussianity.csv"), settings.run)
    rows = table[table["batches"] == table["batches"].min()]
    program.save(draw(rows, settings), arguments.output, rows)


if __name__ == "__main__":
    stage.run(main)

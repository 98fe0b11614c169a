"""When is the noise Gaussian?

B*: the smallest batch size that brings 90 % of a layer's live coordinates within 0.01 (Kolmogorov
distance, exact) of the Gaussian, over training; beside it the gradient noise scale.
"""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from gradnoise import stage
from gradnoise.clt.gaussian_batch_size import LARGEST
from gradnoise.figures import lines, program, style
from gradnoise.figures.settings import Settings
from gradnoise.tables.catalogue import read_table

READS = ""
NEEDS = (
    "noise",
    "moments",
    "own_training",
    "stored_gradients",
)

PANELS = {
    "gaussian_batch_size": "B*: exact distance small for most coordinates",
    "noise_scale": "Gradient noise scale tr C / |G|²",
}


def draw(rows: pd.DataFrame, settings: Settings) -> Figure:
    """Draw the layers of one run: a line each, the median over seeds, a thin one for every seed.

    Args:
        rows: of the table `layers`, all epochs and seeds of the run's weights.
        settings: `training_batch_size`, `style`.
    """
    colours = style.apply(settings)
    drawn, panels = style.figure(settings, 2.6, ncols=2, sharey=True)
    for axes, (name, title) in zip(panels, PANELS.items(), strict=True):
        _lines(axes, rows, name, colours)
        axes.set_title(title, fontweight="bold")
        axes.axhline(settings.training_batch_size, color=style.GREY, linewidth=0.8, linestyle=":")
        axes.set_yscale("log", base=2)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(axis="y", color=style.FAINT, linewidth=0.4)
        axes.set_axisbelow(True)
    panels[0].set_ylabel("Batch size (samples)")
    panels[0].annotate(
        f"training batch size {settings.training_batch_size}",
        (0.02, settings.training_batch_size),
        (0, 2),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        fontsize=7,
        color=style.GREY,
    )
    drawn.supxlabel(
        f"Epoch (thick: median over seeds, thin: each; triangles at the top: above {LARGEST:,})",
        fontsize=8,
    )
    last = rows[rows["epoch"] == rows["epoch"].max()]
    entries = [
        (str(layer), float(min(values["noise_scale"].median(), LARGEST)), colour)
        for (layer, values), (colour, _) in zip(
            last.groupby("layer", sort=False), _looks(rows, colours), strict=True
        )
    ]
    lines.direct_labels(panels[1], entries)
    return drawn


def _looks(rows: pd.DataFrame, colours: list[str]) -> list[tuple[str, str]]:
    return [style.line_style(place, colours) for place in range(rows["layer"].nunique())]


def _lines(axes: Axes, rows: pd.DataFrame, name: str, colours: list[str]) -> None:
    layers = rows.groupby("layer", sort=False)
    for (_, layer), (colour, marker) in zip(layers, _looks(rows, colours), strict=True):
        shown = layer.assign(value=layer[name].clip(upper=LARGEST))
        wide = shown.pivot(index="epoch", columns="seed", values="value")
        if wide.shape[1] > 1:
            axes.plot(wide.index, wide, color=colour, linewidth=0.5, alpha=0.5)
        middle = wide.median(axis=1)
        axes.plot(middle.index, middle, color=colour)
        above = middle >= LARGEST
        axes.plot(middle.index[~above], middle[~above], marker, color=colour)
        axes.plot(middle.index[above], middle[above], "^", color=colour, markersize=5)


def main() -> None:
    """Draw all epochs of the run."""
    arguments = program.parse("Batch size at which the noise is Gaussian.")
    rows = program.weights(read_table(arguments.tables / "layers.csv"), arguments.settings.run)
    if rows["gaussian_batch_size"].isna().all():
        program.save_without_data(arguments, "no per-sample gradients were stored in this run")
        return
    program.save(draw(rows, arguments.settings), arguments.output, rows)


if __name__ == "__main__":
    stage.run(main)

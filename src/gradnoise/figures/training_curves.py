"""Training

Loss and accuracy on training and test data, and the units that no training sample activates, at the end of every
epoch that is known: of networks that were trained elsewhere without a history, those of the checkpoints. Thin
lines are training seeds, thick ones their mean.
"""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from gradnoise import stage
from gradnoise.errors import InputError
from gradnoise.figures import keys, lines, program, style
from gradnoise.figures.settings import Settings
from gradnoise.tables.catalogue import read_table

READS = ""
NEEDS = ("own_training",)

DEAD = "dead_units_"
TITLES = {
    "loss": "Loss per sample",
    "accuracy": "Accuracy (%)",
    "dead": "Dead units (% of a layer)",
}
SPLITS: dict[str, Any] = {"train": "-", "test": (0, (4, 1.5))}
FEW_EPOCHS = 12


def draw(rows: pd.DataFrame, settings: Settings) -> Figure:
    """Draw a run's training history: thin lines are seeds, thick ones their mean.

    Args:
        rows: the run's rows of the training table (accuracies and shares between 0 and 1).
        settings: `style`.
    """
    colours = style.apply(settings)
    dead = [name for name in map(str, rows) if name.startswith(DEAD) and rows[name].notna().any()]
    classes = rows["test_accuracy"].notna().any()
    kinds = ["loss"] + ["accuracy"] * bool(classes) + ["dead"] * bool(dead)
    across = style.side_by_side(settings, len(kinds))
    down = len(kinds) // across
    drawn, panels = style.figure(
        settings,
        0.45 + 1.75 * down,
        width=style.PAGE * len(kinds) / 3,
        nrows=down,
        ncols=across,
        squeeze=False,
    )
    for place, (axes, kind) in enumerate(zip(panels.flat, kinds, strict=True)):
        style.name_panel(axes, place, TITLES[kind])
        if kind == "dead":
            ends = _dead_units(axes, rows, dead, colours)
        else:
            _split(axes, rows, kind, colours)
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True, steps=[1, 2, 5, 10]))
        axes.grid(axis="y", color=style.FAINT, linewidth=0.4)
        axes.set_axisbelow(True)
    seeds = rows["seed"].nunique()
    drawn.supxlabel("Epoch", fontsize=8)
    keys.key(drawn, _key(seeds, colours), across=4)
    if dead:
        lines.direct_labels({panels[-1, -1]: ends})
    return drawn


def _key(seeds: int, colours: list[str]) -> list[Line2D]:
    """Training and test data; mean and seeds."""
    shown = [
        Line2D([], [], color=colours[place % len(colours)], linestyle=dashes, label=f"{split} data")
        for place, (split, dashes) in enumerate(SPLITS.items())
    ]
    if seeds > 1:
        shown += [
            Line2D(
                [], [], color=style.GREY, linewidth=1.2, label=f"mean of {seeds} training seeds"
            ),
            Line2D([], [], color=style.GREY, linewidth=0.5, alpha=0.6, label="one seed"),
        ]
    return shown


def _split(axes: Axes, rows: pd.DataFrame, quantity: str, colours: list[str]) -> None:
    scale = 100 if quantity == "accuracy" else 1
    for place, (split, dashes) in enumerate(SPLITS.items()):
        colour = colours[place % len(colours)]
        values = rows.pivot(index="epoch", columns="seed", values=f"{split}_{quantity}") * scale
        mean = values.mean(axis=1)
        axes.plot(mean.index, mean, color=colour, linestyle=dashes, label=split, **_marks(mean))
        if values.shape[1] > 1:
            axes.plot(values.index, values, color=colour, linewidth=0.5, alpha=0.45)
    axes.margins(y=0.06)


def _marks(values: pd.Series) -> dict[str, Any]:
    """Points on the epochs where they are few: a line says nothing of what lies between."""
    return {"marker": "o", "markersize": 2.6} if len(values) <= FEW_EPOCHS else {}


def _dead_units(
    axes: Axes, rows: pd.DataFrame, dead: list[str], colours: list[str]
) -> list[tuple[str, float, str]]:
    """One line per layer; of deep networks only the six that die most, so that lines stay apart."""
    most = rows[dead].max().sort_values(ascending=False, kind="stable").index[:6]
    ends: list[tuple[str, float, str]] = []
    for place, name in enumerate(name for name in dead if name in set(most)):
        colour = colours[place % len(colours)]
        values = rows.pivot(index="epoch", columns="seed", values=name) * 100
        mean = values.mean(axis=1)
        axes.plot(mean.index, mean, color=colour, **_marks(mean))
        if values.shape[1] > 1:
            axes.plot(values.index, values, color=colour, linewidth=0.5, alpha=0.45)
        ends.append((name.removeprefix(DEAD), float(mean.iloc[-1]), colour))
    top = max(1.0, 1.1 * float(np.nanmax(100 * rows[list(most)])))
    axes.set_ylim(bottom=-0.04 * top, top=top)  # names and lines at 0 stand above the axis
    return ends


def main() -> None:
    """Draw the history of the run, or of the run that trained its networks."""
    arguments = program.parse("Training curves.")
    table = read_table(arguments.tables / "training.csv")
    run = arguments.settings.trained_by
    rows = table[table["run"] == run].dropna(axis=1, how="all")
    if rows.empty:
        raise InputError(f"figures: no run {run!r} in {sorted(set(table['run']))}")
    for split in ("train", "test"):
        if f"{split}_accuracy" not in rows:
            rows = rows.assign(**{f"{split}_accuracy": np.nan})
    program.save(draw(rows, arguments.settings), arguments.output, rows)


if __name__ == "__main__":
    stage.run(main)

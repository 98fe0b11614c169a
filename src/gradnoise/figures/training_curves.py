"""Training

Loss and accuracy on training and test data, and the units that no sample activates.
"""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from gradnoise import stage
from gradnoise.errors import InputError
from gradnoise.figures import lines, program, style
from gradnoise.figures.settings import Settings
from gradnoise.tables.catalogue import read_table

READS = ""
NEEDS = ("own_training",)

DEAD = "dead_units_"


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
    drawn, panels = style.figure(
        settings, 2.15, width=style.PAGE * len(kinds) / 3, ncols=len(kinds), squeeze=False
    )
    for axes, kind in zip(panels[0], kinds, strict=True):
        if kind == "dead":
            ends = _dead_units(axes, rows, dead, colours)
        else:
            _split(axes, rows, kind, colours)
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True, steps=[1, 2, 5, 10]))
        axes.grid(axis="y", color=style.FAINT, linewidth=0.4)
        axes.set_axisbelow(True)
    seeds = rows["seed"].nunique()
    note = f"thin: {seeds} training seeds, thick: their mean" if seeds > 1 else "one training seed"
    drawn.supxlabel(f"Epoch ({note})", fontsize=8)
    if dead:
        lines.direct_labels(panels[0, -1], ends)
    return drawn


def _split(axes: Axes, rows: pd.DataFrame, quantity: str, colours: list[str]) -> None:
    scale = 100 if quantity == "accuracy" else 1
    for place, (split, dashes) in enumerate((("train", "-"), ("test", (0, (4, 1.5))))):
        values = rows.pivot(index="epoch", columns="seed", values=f"{split}_{quantity}") * scale
        if values.shape[1] > 1:
            axes.plot(values.index, values, color=colours[place], linewidth=0.5, alpha=0.45)
        mean = values.mean(axis=1)
        axes.plot(mean.index, mean, color=colours[place], linestyle=dashes, label=split)
    axes.set_title(
        "Accuracy (%)" if quantity == "accuracy" else "Loss per sample", fontweight="bold"
    )
    if quantity == "loss" and (values > 0).all(axis=None):
        axes.set_ylim(bottom=0)
    axes.legend(loc="best")


def _dead_units(
    axes: Axes, rows: pd.DataFrame, dead: list[str], colours: list[str]
) -> list[tuple[str, float, str]]:
    """One line per layer; of deep networks only the six that die most, so that lines stay apart."""
    most = rows[dead].max().sort_values(ascending=False, kind="stable").index[:6]
    means = 100 * rows.groupby("epoch")[dead].mean()
    ends: list[tuple[str, float, str]] = []
    for place, name in enumerate(name for name in dead if name in set(most)):
        colour, marker = colours[place % len(colours)], style.MARKERS[place % len(style.MARKERS)]
        few = marker if len(means) <= 12 else None
        axes.plot(means.index, means[name], color=colour, marker=few)
        ends.append((name.removeprefix(DEAD), float(means[name].iloc[-1]), colour))
    axes.set_title("Dead units (% of a layer)", fontweight="bold")
    axes.set_ylim(bottom=0, top=max(5.0, 1.1 * float(np.nanmax(means[list(most)]))))
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

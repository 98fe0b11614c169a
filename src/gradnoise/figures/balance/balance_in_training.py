"""The balance of two layers along training

Sum over hidden units of |u|² − |w|², incoming minus outgoing weights, of two-layer networks trained on noisy labels: by
SGD (solid), as the law of noise balance foretells from the noise along the way (dashed), and by gradient descent on
all samples (dotted), which keeps it but for its finite steps.
"""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from gradnoise import stage
from gradnoise.figures import keys, program, style
from gradnoise.figures.settings import Settings
from gradnoise.tables.catalogue import read_table

STUDY = "norms"


def draw(rows: pd.DataFrame, settings: Settings) -> Figure:
    """A panel for every network.

    Args:
        rows: of the table `training`.
        settings: `style`.
    """
    colours = style.apply(settings)
    networks = list(rows["network"].unique())
    columns = style.side_by_side(settings, len(networks))
    lines = len(networks) // columns
    drawn, grid = style.figure(
        settings, 0.5 + 2.2 * lines, nrows=lines, ncols=columns, squeeze=False
    )
    whole = rows["batch_size"].max()
    for place, (axes, network) in enumerate(zip(grid.flat, networks, strict=True)):
        mine = rows[rows["network"] == network]
        noisy, full = mine[mine["batch_size"] < whole], mine[mine["batch_size"] == whole]
        steps, colour = noisy["step"] / 1000, colours[place]
        axes.plot(steps, noisy["imbalance"], color=colour)
        axes.plot(steps, noisy["predicted_imbalance"], color=style.INK, linestyle="--", linewidth=1)
        axes.plot(full["step"] / 1000, full["imbalance"], color=colour, linestyle=":")
        style.name_panel(axes, place, f"{network} network")
        axes.set_xlabel("Steps (thousands)")
        axes.set_ylabel("Σ |u|² − |w|²")
    keys.key(drawn, _key(int(rows["batch_size"].min())))
    return drawn


def _key(batch: int) -> list[Line2D]:
    return [
        Line2D([], [], color=style.GREY, label=f"SGD, batches of {batch}"),
        Line2D([], [], color=style.INK, linestyle="--", linewidth=1, label="law of noise balance"),
        Line2D([], [], color=style.GREY, linestyle=":", label="gradient descent"),
    ]


def main() -> None:
    """Draw the experiment's networks."""
    arguments = program.parse("The balance of two layers along training.")
    rows = read_table(arguments.tables / "balance_training.csv")
    program.save(draw(rows, arguments.settings), arguments.output, rows)


if __name__ == "__main__":
    stage.run(main)

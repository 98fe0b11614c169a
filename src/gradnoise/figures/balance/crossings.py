"""Broken ergodicity: who crosses zero

Share of replicas of v = u w that end on the slope's side of 0 after starting on the other, with Clopper and Pearson's
95 % intervals, against how unbalanced they start. Balanced factors stay opposite to each other at every step and never
cross.
"""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy.special import betaincinv

from gradnoise import stage
from gradnoise.figures import program, style
from gradnoise.figures.settings import Settings
from gradnoise.tables.catalogue import read_table

STUDY = "crossings"


def shares(rows: pd.DataFrame) -> pd.DataFrame:
    """`share`, `lower` and `upper`, percentages, beside the starts' `imbalance`."""
    crossed, count = (
        rows["crossed"].to_numpy(float),
        (rows["replicas"] - rows["diverged"]).to_numpy(),
    )
    with np.errstate(invalid="ignore"):
        lower = np.where(crossed > 0, betaincinv(crossed, count - crossed + 1, 0.025), 0)
        upper = np.where(crossed < count, betaincinv(crossed + 1, count - crossed, 0.975), 1)
    percent = {"share": crossed / count, "lower": lower, "upper": upper}
    found = pd.DataFrame({name: 100 * value for name, value in percent.items()}, rows.index)
    return pd.concat([rows[["first", "second", "imbalance"]], found], axis=1)


def draw(numbers: pd.DataFrame, settings: Settings) -> Figure:
    """One panel of `shares`."""
    colours = style.apply(settings)
    drawn, axes = style.figure(settings, 2.4)
    place = np.arange(len(numbers))
    around = numbers["share"] - numbers["lower"], numbers["upper"] - numbers["share"]
    axes.errorbar(place, numbers["share"], np.abs(around), fmt="o", color=colours[0])
    axes.set_xticks(place, [f"{value:.3g}" for value in numbers["imbalance"]])
    axes.set_xlabel("u² − w² at the start")
    axes.set_ylabel("Replicas that cross 0 (%)")
    axes.set_ylim(-5, 105)
    return drawn


def main() -> None:
    """Draw the experiment's ensembles."""
    arguments = program.parse("Who crosses zero.")
    numbers = shares(read_table(arguments.tables / "balance_crossings.csv"))
    program.save(draw(numbers, arguments.settings), arguments.output, numbers)


if __name__ == "__main__":
    stage.run(main)

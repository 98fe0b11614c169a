"""Noise, Fisher information and Hessian along training

Over the epochs from the initialisation on, means over networks with 95 % intervals: cosines between the Fisher information F
of the softmax, the Hessian H and the noise covariance C (1 where one is a multiple of the other), traces of H and C over
that of F (1 where they are equal), and the size of what the Hessian has besides F, |H − F| / |H|. Isotropic laws of SGD take C = F = H.
Solid and dashed: the smaller and the larger variance q of the preactivations. Six panels are of the shallowest
networks, six of the deepest where these are others.
"""

from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from scipy.special import stdtrit

from gradnoise import stage
from gradnoise.figures import keys, program, scales, style
from gradnoise.figures.settings import Settings
from gradnoise.tables.catalogue import read_table

STUDY = "relation"
SHOWN = {
    "fisher_hessian": "F and H, cosine",
    "fisher_noise": "F and C, cosine",
    "hessian_noise": "H and C, cosine",
    "rest_over_hessian": "|H − F| / |H|",
    "hessian_over_fisher": "tr H / tr F",
    "noise_over_fisher": "tr C / tr F",
}
KEYS = ["depth", "initialisation", "q", "epoch"]
TRACES = ("hessian_over_fisher", "noise_over_fisher")
POSITIVE = TRACES[1]
KINDS = {"orthogonal": "orthogonal", "gaussian": "Gaussian"}
DASHES: tuple[Any, ...] = ("-", (0, (4, 2)), (0, (1, 1.5)))


def draw(rows: pd.DataFrame, settings: Settings) -> Figure:
    """Six panels of `summary` for the shallowest networks and for the deepest."""
    colours = style.apply(settings)
    columns = style.side_by_side(settings, 3)
    depths = sorted({rows["depth"].min(), rows["depth"].max()})
    lines = len(depths) * len(SHOWN) // columns
    drawn, grid = style.figure(
        settings, 0.7 + 1.9 * lines, ncols=columns, nrows=lines, squeeze=False, sharex=True
    )
    epochs, values = sorted(rows["epoch"].unique()), sorted(rows["q"].unique())
    panels = product(depths, SHOWN.items())
    for place, (axes, (depth, (name, title))) in enumerate(zip(grid.flat, panels, strict=True)):
        of_depth = rows[rows["depth"] == depth]
        for kind, colour in zip(KINDS, colours, strict=False):
            for q, dashes in zip(values, DASHES, strict=False):
                mine = of_depth[(of_depth["initialisation"] == kind) & (of_depth["q"] == q)]
                at = [epochs.index(epoch) for epoch in mine["epoch"]]
                low, high = mine[f"{name}_lower"], mine[f"{name}_upper"]
                axes.fill_between(at, low, high, color=colour, alpha=0.2, linewidth=0)
                axes.plot(at, mine[name], color=colour, linestyle=dashes, linewidth=1.0)
        _scale(axes, name)
        axes.set_xticks(range(len(epochs)), [f"{epoch:g}" for epoch in epochs])
        style.name_panel(axes, place, f"{title}, depth {depth}" if len(depths) > 1 else title)
    for axes in grid[-1]:
        axes.set_xlabel("Epoch")
    key = [
        Line2D([], [], color=colour, linewidth=2, label=words)
        for words, colour in zip(KINDS.values(), colours, strict=False)
    ]
    key += [
        Line2D([], [], color=style.GREY, linestyle=dashes, label=f"q = {q:.3g}")
        for q, dashes in zip(values, DASHES, strict=False)
    ]
    keys.key(drawn, key, across=4, narrow=2)
    return drawn


def _scale(axes: Axes, name: str) -> None:
    if name in TRACES:
        axes.axhline(1, color=style.GREY, linewidth=0.8, linestyle=":", zorder=1)
    if name == POSITIVE:
        scales.logarithm(axes.yaxis)
    elif name not in TRACES:
        axes.set_ylim(0, 1.02 if name != "rest_over_hessian" else None)


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Mean over networks of every number with its 95 % interval, by depth, initialisation, q and epoch.

    The noise's trace is positive: of it the mean is geometric, and the interval that of the logarithm.

    Args:
        rows: of the table `relation`.
    """
    values = rows[[*KEYS, "loss", *SHOWN]].copy()
    values[POSITIVE] = np.log(values[POSITIVE])
    groups = values.groupby(KEYS)[["loss", *SHOWN]]
    count = groups.size().to_numpy()
    means, spread = groups.mean(), groups.std(ddof=1)
    half = spread.mul(-stdtrit(count - 1, 0.025) / np.sqrt(count), axis=0)
    found = means.join((means - half).add_suffix("_lower")).join(
        (means + half).add_suffix("_upper")
    )
    back = [f"{POSITIVE}{end}" for end in ("", "_lower", "_upper")]
    found[back] = np.exp(found[back])
    return found.drop(columns=["loss_lower", "loss_upper"]).reset_index()


def main() -> None:
    """Draw the experiment's networks."""
    arguments = program.parse("Noise, Fisher information and Hessian along training.")
    numbers = summary(read_table(arguments.tables / "geometry_relation.csv"))
    program.save(draw(numbers, arguments.settings), arguments.output, numbers)


if __name__ == "__main__":
    stage.run(main)

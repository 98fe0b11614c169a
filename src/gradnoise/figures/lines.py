"""Lines of a panel: with intervals, beside each other, with their names, against the ceiling."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from gradnoise.figures import style
from gradnoise.figures.style import GREY, INK

Entry = tuple[str, float, str]

DASHES = (0, (4, 2))  # of the ceiling
# The mark where an interval was cut.
CUT: dict[str, Any] = {
    "markersize": 3.2,
    "markerfacecolor": "white",
    "markeredgewidth": 0.7,
    "clip_on": False,
    "zorder": 2.5,
}
# A number that the paper gives.
PUBLISHED: dict[str, Any] = {
    "marker": "*",
    "markersize": 7.0,
    "markerfacecolor": "white",
    "markeredgecolor": INK,
    "markeredgewidth": 0.8,
    "linestyle": "none",
}


def with_interval(
    axes: Axes, rows: pd.DataFrame, x: str, y: str, colour: str, marker: str, **options: Any
) -> None:
    """A line with markers and its 95 % interval as a band, or as bars where `bars=True`.

    Where the interval of a percentage ends at 0 or 100, where tables cut it, a triangle marks it.
    """
    lower, upper = rows[f"{y}_lower"], rows[f"{y}_upper"]
    for limit, cut, symbol in ((0, lower <= 0, "v"), (100, upper >= 100, "^")):
        if cut.any():  # an empty line that is not clipped would upset the layout
            at = rows.loc[cut, x]
            axes.plot(at, np.full(len(at), limit), symbol, **CUT, color=colour)
    if options.pop("bars", False):
        axes.vlines(rows[x], lower, upper, color=colour, linewidth=0.8, alpha=0.75, zorder=2)
    else:
        axes.fill_between(rows[x], lower, upper, color=colour, alpha=0.16, linewidth=0, zorder=1)
    axes.plot(rows[x], rows[y], color=colour, marker=marker, zorder=3, **options)


def dodge(place: int, count: int) -> float:
    """Offset of one of `count` lines, -1 to 1, so that their bars stand beside each other."""
    return 2 * place / (count - 1) - 1 if count > 1 else 0.0


def ceiling(axes: Axes, significance: float) -> None:
    """Draw what exactly Gaussian noise reaches: the test rejects its share at random."""
    height = 100 * (1 - significance)
    axes.axhline(height, color=GREY, linewidth=0.8, linestyle=DASHES, zorder=1.5)


def direct_labels(named: Mapping[Axes, Sequence[Entry]], gap: float = 9.0) -> None:
    """Write each line's name in its colour to the right of its last point, moved apart where they meet.

    Args:
        named: of every panel of a figure: name, height of the last point (data units) and colour of its lines.
        gap: least distance of two names in points.
    """
    style.lay_out(next(iter(named)).figure)  # decides the heights of all panels
    for axes, entries in named.items():
        _label(axes, entries, gap)


def _label(axes: Axes, entries: Sequence[Entry], gap: float) -> None:
    points = axes.get_window_extent().height * 72 / axes.figure.dpi
    order = sorted(
        (entry for entry in entries if np.isfinite(entry[1])), key=lambda entry: entry[1]
    )
    # In fractions of the axes' height, whatever their scale.
    place_of = axes.transScale + axes.transLimits
    wanted = np.array([place_of.transform((1, height))[1] * points for _, height, _ in order])
    placed = spread(wanted, gap)
    placed -= max(0.0, placed[-1] - points) if len(placed) else 0.0
    for (name, _, colour), place in zip(order, placed, strict=True):
        axes.annotate(
            name,
            (1.0, place / points),
            (4, 0),
            xycoords="axes fraction",
            textcoords="offset points",
            color=colour,
            fontsize=7.5,
            va="center",
            annotation_clip=False,
        )


def thinned(names: list[str], most: int) -> list[str]:
    """At most so many of the names, at equal distances, the first and the last among them."""
    if len(names) <= most:
        return names
    return [names[round(place)] for place in np.linspace(0, len(names) - 1, most)]


def shortened(names: Iterable[str]) -> dict[str, str]:
    """By dotted name, as many of its last parts as tell it from the others."""
    parts = {name: name.split(".") for name in names}
    found = {}
    for name, mine in parts.items():
        ends = (mine[-count:] for count in range(1, len(mine)))
        found[name] = next(
            (
                ".".join(end)
                for end in ends
                if all(other[-len(end) :] != end for each, other in parts.items() if each != name)
            ),
            name,
        )
    return found


def spread(wanted: np.ndarray, gap: float) -> np.ndarray:
    """Places nearest to the `wanted` ones (ascending) that are at least `gap` apart.

    Least squares under an order constraint: pool neighbours that are too near and centre each pool.
    """
    pools: list[list[float]] = []  # sum of (wanted - own offset), count
    for place, height in enumerate(wanted):
        pools.append([height - place * gap, 1.0])
        while len(pools) > 1 and pools[-2][0] / pools[-2][1] > pools[-1][0] / pools[-1][1]:
            total, count = pools.pop()
            pools[-1] = [pools[-1][0] + total, pools[-1][1] + count]
    means = [total / count for total, count in pools for _ in range(int(count))]
    return np.array(means) + gap * np.arange(len(wanted))


def interval_note(rows: pd.DataFrame) -> str:
    """What the bands are, in words, with the unit that varies."""
    row = rows.iloc[0]
    if row["unit"] == "seed":
        return f"95 % interval over {row['n_seeds']} training seeds"
    if row["n_repeats"] > 1:
        return f"95 % interval over {row['n_repeats']} repeats of the draws"
    return "one repeat: no interval"

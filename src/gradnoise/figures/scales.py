"""Scales of a panel: percentages, batch sizes, logarithms that are written out."""

from collections.abc import Iterable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from gradnoise.figures.style import FAINT


def percentages(axes: Axes, lowest: float = 0.0) -> None:
    """Percentages from `lowest` (rounded down to a tick) to 100, with room for the ceiling's label."""
    step = 20 if lowest < 40 else 10 if lowest < 75 else 5
    bottom = max(0.0, np.floor(lowest / step) * step)
    axes.set_ylim(bottom - 0.02 * (100 - bottom), 100 + 0.02 * (100 - bottom))
    axes.set_yticks(np.arange(bottom, 100.1, step))
    axes.grid(axis="y", color=FAINT, linewidth=0.4, zorder=0)
    axes.set_axisbelow(True)


def batch_sizes(axes: Axes, sizes: Iterable[int]) -> None:
    """Batch sizes on a logarithmic axis, a tick at every size measured."""
    sizes = sorted(set(sizes))
    axes.set_xscale("log", base=2)
    axes.set_xticks(sizes)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0f}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlim(sizes[0] / 1.25, sizes[-1] * 1.25)


def plain_logarithm(axis: Axis) -> None:
    """Ticks at 1, 2 and 5 times powers of ten, written out, on a logarithmic axis."""
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_locator(NullLocator())


def powers(axis: Axis) -> None:
    """Ticks at powers of ten, written out, on a logarithmic axis."""
    axis.set_major_locator(LogLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_locator(NullLocator())

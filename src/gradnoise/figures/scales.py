"""Scales of a panel: percentages, batch sizes, logarithms that are written out."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis, XAxis
from matplotlib.ticker import Formatter, FuncFormatter, LogLocator, NullLocator, ScalarFormatter

from gradnoise.figures.style import FAINT

PLAIN = 0.01, 1000.0  # numbers that are easier read as decimals than as powers of ten

# Up to so many times its lower end an axis has ticks at these multiples of powers of ten.
MULTIPLES = {8: (1, 2, 3, 4, 6, 8), 100: (1, 2, 5), np.inf: (1,)}

RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


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


def logarithm(*chosen: Axis) -> None:
    """Make axes logarithmic, with all ticks of an axis written in one way: decimals, or powers of ten.

    Args:
        chosen: horizontal or vertical axes of panels.
    """
    for axis in chosen:
        getattr(axis.axes, f"set_{'x' if isinstance(axis, XAxis) else 'y'}scale")("log")
        axis.set_major_locator(_Ticks())
        axis.set_major_formatter(_Numbers())
        axis.set_minor_locator(NullLocator())


def common_power(axis: Axis) -> None:
    """On a linear axis of very small or large numbers, say their power of ten once, at its end."""
    written = _Common(useOffset=False)
    written.set_powerlimits((-2, 3))
    axis.set_major_formatter(written)


class _Common(ScalarFormatter):
    """With the power of ten in the type of all labels: formulas are drawn at ten times the time."""

    def get_offset(self) -> str:
        said = super().get_offset().replace("−", "-")
        return f"×{_power(float(said))}" if said else ""


class _Ticks(LogLocator):
    """At powers of ten, and the closer the ends are at the more multiples of them."""

    def tick_values(self, vmin: float, vmax: float) -> Any:
        self.set_params(subs=next(subs for most, subs in MULTIPLES.items() if vmax < most * vmin))
        return super().tick_values(vmin, vmax)


class _Numbers(Formatter):
    """Of ticks of a logarithmic axis: decimals where all are within `PLAIN`, else powers of ten."""

    def __call__(self, value: float, pos: int | None = None) -> str:
        return self.format_ticks([value])[0]

    def format_ticks(self, values: Sequence[float]) -> list[str]:
        assert self.axis is not None
        low, high = sorted(self.axis.get_view_interval())
        shown = [value for value in values if low <= value <= high]
        plain = all(PLAIN[0] <= value <= PLAIN[1] for value in shown)
        return [f"{value:g}" if plain else _power(value) for value in values]


def _power(value: float) -> str:
    """As 10⁻⁵ or 2×10⁻⁵."""
    factor, power = f"{value:.6e}".split("e")
    written = f"10{str(int(power)).translate(RAISED)}"
    return written if float(factor) == 1 else f"{float(factor):g}×{written}"

"""Sums of draws on a lattice: masses, windows, and what rounding to it may cost."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from gradnoise.clt.exact.kernels import power

Floats = NDArray[np.float64]

OUTSIDE = 1e-8  # probability of the sum that may lie outside the transform's window
DENSITY = 0.3989422804014327  # largest slope of the normal distribution function
BINS = 1024  # in which values are gathered to bound the sum's reach
COMMON = 1 << 16  # most points of a common lattice
FAR = 7.0  # deviations from which on the normal distribution function is 0 or 1, to 1e-11
FIRST = 64  # gaps from which a common spacing is guessed, before all are held against it


def masses(index: NDArray[np.int64], weights: Floats, length: int = 0) -> Floats:
    """Total weight at each of the multiples 0, 1, ... of a spacing."""
    return np.asarray(np.bincount(index, weights, length), np.float64)


def common_spacing(values: Floats) -> float:
    """Spacing of the coarsest lattice that holds all ascending values, or 0 where there is none worth using."""
    gaps = np.diff(values)
    span, tolerance = float(values[-1] - values[0]), 1e-9 * float(gaps.max())
    spacing = float(gaps.min())
    for gap in gaps[:FIRST]:
        # Euclid's algorithm; what is below the tolerance is rounding.
        a, b = max(spacing, float(gap)), min(spacing, float(gap))
        while b > tolerance:
            a, b = b, abs(a - np.round(a / b) * b)
        spacing = a
    if spacing <= 0 or span / spacing > COMMON:
        return 0.0
    spacing = span / round(span / spacing)
    positions = (values - values[0]) / spacing
    return spacing if np.abs(positions - np.round(positions)).max() < 1e-6 else 0.0


class Reach:
    """How far sums of draws from standardised ascending values lie from zero, by Chernoff's bound."""

    def __init__(self, values: Floats, weights: Floats) -> None:
        self.ends = float(values[0]), float(values[-1])
        self.width = (self.ends[1] - self.ends[0]) / BINS
        index = np.minimum(((values - values[0]) / self.width).astype(np.int64), BINS - 1)
        weight = masses(index, weights, BINS)
        used = weight > 0
        self.weight = weight[used]
        self.mean = masses(index, weights * values, BINS)[used] / self.weight

    def of(self, batch_size: int) -> tuple[float, float]:
        """Below and above zero: all of the sum but OUTSIDE."""
        rates = 2.0 ** np.arange(-8, 5) / np.sqrt(batch_size)
        found = []
        for sign, end in ((-1, self.ends[0]), (1, self.ends[1])):
            exponents = sign * np.outer(rates, self.mean)
            top = exponents.max(axis=1)
            logs = top + np.log(np.exp(exponents - top[:, None]) @ self.weight)
            # Hoeffding's lemma, for the values within a bin.
            logs += (rates * self.width) ** 2 / 8
            reach = float(np.min((batch_size * logs - np.log(OUTSIDE)) / rates))
            found.append(min(batch_size * abs(end), reach))
        return found[0], found[1]


def sum_of_draws(
    mass: Floats,
    first: int,
    batch_size: int,
    spacing: float,
    offset: float,
    reach: tuple[float, float],
) -> tuple[int, Floats]:
    """Masses of the sum of `batch_size` draws, from multiple `start` of the spacing on.

    Args:
        mass: of the multiples first, first + 1, ... of `spacing`.
        first: multiple of the first mass.
        batch_size: B.
        spacing: in standard deviations of the values.
        offset: the value at multiple 0.
        reach: of the sum below and above zero.

    Returns:
        `start`, and the masses of start, start + 1, ...
    """
    below, above = (side + 2 * spacing for side in reach)
    whole = batch_size * (mass.size - 1) + 1
    needed = max(mass.size, min(whole, int((below + above) / spacing) + 2))
    size = length(needed)
    spectrum = np.fft.rfft(mass, size)
    power(spectrum, batch_size)
    total = np.fft.irfft(spectrum, size)
    if size >= whole:
        return batch_size * first, total
    # The transform is circular: start where the sum has not begun yet.
    start = int(np.floor(-(batch_size * offset + below) / spacing))
    return start, np.roll(total, (batch_size * first - start) % size)


def length(needed: int) -> int:
    """Length of a transform that is fast: the least of 2^k, 3 * 2^k and 5 * 2^k that is no shorter than needed."""
    whole = 1 << max(0, needed - 1).bit_length()
    return min(size for size in (whole, whole // 4 * 3, whole // 8 * 5) if size >= needed)


def near(
    start: int, count: int, spacing: float, offset: float, batch_size: int
) -> tuple[slice, Floats]:
    """Where the sum's distance to the normal law may be largest: the points within FAR deviations, and one beyond each end.

    Further out the normal distribution function is 0 or 1 and the sum's own monotone, so that of all points there the
    first has the largest distance.

    Args:
        start, count: multiples of the spacing, `start` the first.
        spacing: in standard deviations of one draw.
        offset: what a draw is at multiple 0.
        batch_size: B.

    Returns:
        Which of the `count` points, and where they are, in standard deviations of the sum.
    """
    deviation = float(np.sqrt(batch_size))
    ends = ((side * FAR * deviation - batch_size * offset) / spacing for side in (-1, 1))
    low, high = (int(np.floor(end)) - start for end in ends)
    here = slice(min(max(low, 0), count - 1), max(min(high + 2, count), 1))
    places = np.arange(start + here.start, start + here.stop)
    return here, np.asarray((places * spacing + batch_size * offset) / deviation)


@cache
def damping(points: int) -> Floats:
    """What rounding to a circle of so many points takes from the first quarter of its frequencies, (points / 4,)."""
    return np.asarray(np.sinc(np.arange(points // 4) / points))


def rounding_bound(errors: Floats, weights: Floats, spacing: float, batch_size: int) -> float:
    """How far the distance may be off when each draw is off by one of these errors (of mean zero).

    With probability 1 - delta(u) their sum is above -u (or below u), delta by Bernstein's inequality: the
    distance moves by at most sup Phi' u / sqrt(B) + delta(u). The least over u; none exceeds B of the largest errors.
    """
    variance, most = batch_size * float(errors**2 @ weights), float(np.abs(errors).max())
    if most < 1e-6 * spacing:
        return batch_size * most / float(np.sqrt(batch_size))
    u = (np.sqrt(variance) + most) * np.linspace(0.0, 12.0, 97)[1:]
    delta = np.exp(-(u**2) / (2 * (variance + most * u / 3)))
    u, delta = np.append(u, batch_size * most), np.append(delta, 0.0)
    return float(np.min(DENSITY * u / np.sqrt(batch_size) + delta))

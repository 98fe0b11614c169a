"""Sums of draws on a lattice: masses, windows, and what rounding to it may cost."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

OUTSIDE = 1e-8  # probability of the sum that may lie outside the transform's window
DENSITY = 0.3989422804014327  # largest slope of the normal distribution function
BINS = 1024  # in which values are gathered to bound the sum's reach
COMMON = 1 << 16  # most points of a common lattice
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
    size = 1 << int(np.ceil(np.log2(needed)))
    total = np.fft.irfft(power(np.fft.rfft(mass, size), batch_size), size)
    if size >= whole:
        return batch_size * first, total
    # The transform is circular: start where the sum has not begun yet.
    start = int(np.floor(-(batch_size * offset + below) / spacing))
    return start, np.roll(total, (batch_size * first - start) % size)


def power(spectrum: NDArray[np.complex128], exponent: int) -> NDArray[np.complex128]:
    """By squaring: numpy's own power of complex numbers takes logarithms and is ten times slower."""
    result = None
    while exponent:
        if exponent & 1:
            result = spectrum.copy() if result is None else result * spectrum
        exponent >>= 1
        if exponent:
            spectrum = spectrum * spectrum
    assert result is not None
    return result


def rounding_bound(errors: Floats, weights: Floats, spacing: float, batch_size: int) -> float:
    """How far the distance may be off when each draw is off by one of these errors (of mean zero).

    With probability 1 - delta(u) their sum is above -u (or below u), delta by Bernstein's inequality: the
    distance moves by at most sup Phi' u / sqrt(B) + delta(u). The least over u.
    """
    variance, most = batch_size * float(errors**2 @ weights), float(np.abs(errors).max())
    if most < 1e-6 * spacing:
        return batch_size * most / float(np.sqrt(batch_size))
    u = (np.sqrt(variance) + most) * np.linspace(0.0, 12.0, 97)[1:]
    delta = np.exp(-(u**2) / (2 * (variance + most * u / 3)))
    return float(np.min(DENSITY * u / np.sqrt(batch_size) + delta))

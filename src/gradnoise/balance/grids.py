"""A law on the real line, known up to a constant, on a grid that fits it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

Floats = NDArray[np.float64]

POINTS = 8001
ROUNDS = 60
NEGLIGIBLE = 45.0  # e-folds below the peak
FARTHEST = 1e9  # from where the search starts: no law of interest reaches further
STRETCH = 0.5  # beyond this distance from the peak, steps grow with it


@dataclass(frozen=True)
class Grid:
    """Points t = peak + scale sinh(z), z at equal distances: sums of what falls off at both ends are exact there.

    Attributes:
        peak, scale: of the map.
        z: (POINTS,), ascending.
        mass: (POINTS,), probabilities that sum to 1.
        log_norm: logarithm of the weight's integral over t.
    """

    peak: float
    scale: float
    z: Floats
    mass: Floats
    log_norm: float

    @property
    def t(self) -> Floats:
        """The points."""
        return self.peak + self.scale * np.sinh(self.z)

    def cdf(self, t: Floats) -> Floats:
        """Probability below `t`, of any shape."""
        z = np.arcsinh((t - self.peak) / self.scale)
        below = self._below(np.clip(z, self.z[0], self.z[-1]))
        return np.asarray(np.clip(below, 0, 1))

    def quantiles(self, probabilities: Floats) -> Floats:
        """The t below which these probabilities lie, each in (0, 1)."""
        below = self._below
        known = np.maximum.accumulate(below(self.z))
        cell = np.clip(np.searchsorted(known, probabilities), 1, len(self.z) - 1)
        low, high = self.z[cell - 1], self.z[cell]
        for _ in range(50):
            middle = (low + high) / 2
            right = below(middle) < probabilities
            low, high = np.where(right, middle, low), np.where(right, high, middle)
        return np.asarray(self.peak + self.scale * np.sinh((low + high) / 2))

    @cached_property
    def _below(self) -> CubicSpline:
        spline = CubicSpline(self.z, self.mass / (self.z[1] - self.z[0])).antiderivative()
        return CubicSpline(self.z, spline(self.z) / spline(self.z[-1]))


def fitted(log_weight: Callable[[Floats], Floats], start: float, growth: float = 0.0) -> Grid:
    """Grid over all t at which a weight, times exp(growth t) or not, is within e^-45 of its peak.

    Args:
        log_weight: of ascending t (n,); -inf is allowed. It falls off at least exponentially on both sides.
        start: t near the peak.
        growth: of the fastest growing function whose mean is of interest.
    """
    low, high, peak = start - FARTHEST, start + FARTHEST, start
    for _ in range(ROUNDS):
        before = high - low
        z, scale = _equal_steps(low, high, peak)
        t = peak + scale * np.sinh(z)
        weight = log_weight(t)
        grown = weight + growth * (t - start)
        kept = np.flatnonzero(
            (weight > weight.max() - NEGLIGIBLE) | (grown > grown.max() - NEGLIGIBLE)
        )
        low, high = t[max(kept[0] - 1, 0)], t[min(kept[-1] + 1, t.size - 1)]
        peak = float(t[np.argmax(weight)])
        if high - low > 0.9 * before:
            break
    z, scale = _equal_steps(low, high, peak)
    t = peak + scale * np.sinh(z)
    weight = log_weight(t)
    mass = np.exp(weight - weight.max()) * scale * np.cosh(z)
    total = mass.sum()
    log_norm = float(weight.max() + np.log(total * (z[1] - z[0])))
    return Grid(peak, scale, z, mass / total, log_norm)


def _equal_steps(low: float, high: float, peak: float) -> tuple[Floats, float]:
    scale = min(high - low, STRETCH)
    first, last = (float(np.arcsinh((end - peak) / scale)) for end in (low, high))
    return np.linspace(first, last, POINTS), scale

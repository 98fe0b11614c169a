"""Exact distance of a mini-batch mean to the Gaussian, from the characteristic function: no Monte Carlo.

The mean of B draws with replacement from N known values has the characteristic function phi(t / B)^B. On a
lattice of values that is one Fourier transform of their frequencies, a power, and one transform back. Three ways:

* Values on a common lattice (0 and 1, whole numbers): exact but for rounding.
* Any values, rounded to a fine lattice: the sum of the rounding errors is bounded (Bernstein's inequality), and with
  it the distance, whatever the law.
* Smooth sums, cheaper: every value is shared by three neighbours of a coarse lattice, so that the first moments are
  kept. Taken only where the characteristic function has died out, which is looked at for every law and batch size
  beyond the coarse lattice's own band; where it has not (clusters, few values, repeated values), the second way is
  used.
"""

import warnings
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from gradnoise.clt.exact.kernels import integrate, share, wrap
from gradnoise.clt.exact.lattice import (
    OUTSIDE,
    Reach,
    common_spacing,
    damping,
    masses,
    near,
    rounding_bound,
    sum_of_draws,
)
from gradnoise.errors import whole

Floats = NDArray[np.float64]

TOLERANCE = 1e-4  # error bound of a distance
RELATIVE = 1e-2  # what is enough where many distances are computed, of the distance
LONGEST = 1 << 22  # transform
SMOOTH_FROM = 4  # draws: the characteristic function of fewer, of N values alike, is no smaller than the tolerance
FEW = 64  # distinct values that are never taken for a smooth law
REPEATED = 0.02  # share of the values, the most frequent one apart, that stand more than once in a smooth law
COARSE = 0.08, 0.5  # least and largest spacing of the coarse lattice, deviations of the values
SHARE = 0.01  # of a deviation of the batch's sum that the coarse spacing may be
HALVINGS = 6  # of the coarse lattice
CHANGE = 2e-5, 3e-3  # between a coarse lattice and one of half its spacing: absolute, relative
FINE = 1.25e-4  # of a deviation of the sum: spacing of the look at high frequencies
SCAN = 1 << 15  # points of that look


class Distance(NamedTuple):
    """A distance and how far it may be off at most."""

    distance: float
    error_bound: float


def exact_ks(values: ArrayLike, batch_size: int) -> float:
    """Kolmogorov distance of the standardised mean of `batch_size` iid draws from `values` to N(0, 1).

    sup_x |P(sqrt(B) (mean - m) / s <= x) - Phi(x)|, with m and s^2 the values' mean and variance (divided by
    N); the quantity that the Berry-Esseen theorem bounds.

    Args:
        values: (N,) numbers, each equally likely; of a masked array those that are not masked.
        batch_size: B, at least 1.

    Returns:
        The distance, 0 to 1, with an error below 1e-4; NaN for constant values, and, with a RuntimeWarning,
        where that cannot be reached (clusters far narrower than the deviation, at batch sizes of hundreds).

    Raises:
        ValueError: for a batch size below 1 or no whole number, fewer than 2 values, complex ones, or values that
            are not finite.

    >>> round(exact_ks([0.0, 1.0], 3), 4)  # a binomial law
    0.2181
    """
    size = whole("batch_size", batch_size)
    law = Law(values)
    if law.constant:
        return float("nan")
    found = law.distance(size)
    if found.error_bound > TOLERANCE:
        message = (
            "exact distance of {} values at batch size {}: no more is known than {:.4f} +- {:.4f}"
        )
        warnings.warn(message.format(law.count, batch_size, *found), RuntimeWarning, stacklevel=2)
        return float("nan")
    return found.distance


class Law:
    """N equally likely values, standardised, ready for any batch size.

    Raises:
        ValueError: for fewer than 2 values, or values that are not finite.
    """

    def __init__(self, values: ArrayLike) -> None:
        if np.ma.isMaskedArray(values):
            values = values.compressed()  # what a mask hides is no value
        if np.iscomplexobj(values):
            raise ValueError("values: found complex ones; real ones are needed, one part at a time")
        x = np.asarray(values, np.float64).ravel()
        if x.size < 2 or not np.isfinite(x).all():
            raise ValueError(
                f"values: found {x.size}, or some not finite; 2 finite ones or more needed"
            )
        distinct, counts = np.unique(x, return_counts=True)
        self.count = x.size
        self.constant = distinct.size == 1
        if self.constant:
            return
        self.weights = counts / x.size
        self.values = _standardised(distinct, self.weights)
        self.main = int(np.argmax(counts))  # the most frequent value
        # A value that stands once is no atom worth keeping.
        self.atom = float(self.weights[self.main]) if counts[self.main] > 1 else 0.0
        self.spacing = common_spacing(self.values)  # of the lattice they are on, if any
        self.reach = Reach(self.values, self.weights)
        self.scanned: tuple[int, Floats] = (
            0,
            np.empty(0),
        )  # batch size of the last scan, and what it found
        others = np.delete(counts, self.main)
        repeated = int(others[others > 1].sum())
        self.may_be_smooth = distinct.size > FEW and repeated <= REPEATED * x.size

    def distance(self, batch_size: int, relative: float = 0.0) -> Distance:
        """Distance of the standardised sum of `batch_size` draws, with its error bound.

        Args:
            batch_size: B.
            relative: error, relative to the distance, that is enough where it exceeds TOLERANCE.
        """
        if batch_size == 1:
            return Distance(self._of_one(), 0.0)
        if self.spacing:
            return self._rounded(batch_size, self.spacing)
        if batch_size >= SMOOTH_FROM and self.may_be_smooth:
            found = self._smooth(batch_size, relative)
            if found is not None:
                return found
        return self._refined(batch_size, relative)

    def _of_one(self) -> float:
        normal, upper = ndtr(self.values), np.cumsum(self.weights)
        return float(max(np.abs(upper - normal).max(), np.abs(upper - self.weights - normal).max()))

    def _refined(self, batch_size: int, relative: float) -> Distance:
        """From ever finer lattices, until the bound is what was asked for or the transform as long as may be."""
        spacing = 64 * TOLERANCE
        while True:
            found = self._rounded(batch_size, spacing)
            enough = max(TOLERANCE, relative * found.distance)
            finest = sum(self.reach.of(batch_size)) / (LONGEST - 8)
            if found.error_bound <= enough or spacing <= finest:
                return found
            # The bound falls like the spacing, or a little faster.
            spacing = max(spacing * min(0.5, 0.9 * enough / found.error_bound), finest)

    def _rounded(self, batch_size: int, spacing: float) -> Distance:
        """From values rounded to a lattice of this spacing; the bound holds for any law."""
        index = np.round((self.values - self.values[0]) / spacing).astype(np.int64)
        mass = masses(index, self.weights)
        errors = self.values - self.values[0] - index * spacing
        shift = float(errors @ self.weights)
        bound = rounding_bound(errors - shift, self.weights, spacing, batch_size)
        start, total = sum_of_draws(
            mass, 0, batch_size, spacing, self.values[0] + shift, self.reach.of(batch_size)
        )
        here, points = near(start, total.size, spacing, self.values[0] + shift, batch_size)
        upper, normal, total = np.cumsum(total)[here], ndtr(points), total[here]
        largest = max(np.abs(upper - normal).max(), np.abs(upper - total - normal).max())
        return Distance(float(largest), bound + 2 * OUTSIDE)

    def _smooth(self, batch_size: int, relative: float) -> Distance | None:
        """From a coarse lattice that keeps the first moments; None where the sum is not smooth there."""
        step = min(max(COARSE[0], SHARE * float(np.sqrt(batch_size))), COARSE[1])
        found = self._shared(batch_size, step)
        # What a lattice hides is known before its transforms: those that hide too much are not computed.
        spacings = [step / 2**halving for halving in range(1, HALVINGS + 1)]
        most = 2 * max(TOLERANCE, relative * found)
        while spacings and self._hidden(batch_size, spacings[0]) > most:
            coarser = spacings.pop(0)
            if spacings and self._hidden(batch_size, spacings[0]) <= most:
                found = self._shared(batch_size, coarser)
        for spacing in spacings:
            before, found = found, self._shared(batch_size, spacing)
            change = abs(found - before)
            if change < max(CHANGE[0], CHANGE[1] * found):
                bound = change + self._hidden(batch_size, spacing)
                if bound <= max(TOLERANCE, relative * found):
                    return Distance(found, bound)
        return None

    def _shared(self, batch_size: int, spacing: float) -> float:
        """Each value shared by three neighbours: mean and variance exact, third moment on average."""
        offset = self.values[self.main]  # on the lattice, so that its atom is kept
        first, last = (int(np.rint((end - offset) / spacing)) for end in self.values[[0, -1]])
        mass = np.zeros(last - first + 3)
        share(self.values, self.weights, offset, spacing, first - 1, mass)
        start, total = sum_of_draws(
            mass, first - 1, batch_size, spacing, offset, self.reach.of(batch_size)
        )
        here, points = near(start, total.size, spacing, offset, batch_size)
        # Midway through each lattice point's mass; a true jump only where the main value is drawn throughout.
        middle = np.abs(np.cumsum(total)[here] - total[here] / 2 - ndtr(points))
        largest = float(middle.max())
        if here.start <= -start < here.stop:
            largest = max(largest, float(middle[-start - here.start]) + self.atom**batch_size / 2)
        return largest

    def _hidden(self, batch_size: int, spacing: float) -> float:
        """How much of the sum's law this lattice may hide.

        Apart for the number of draws that are not the most frequent value: none, whose atom is kept; one, whose
        masses move by a lattice point at most; and more, of which the characteristic function says it: with
        |F - G| at most the integral of |f - g| / (pi t), from half of the lattice's last frequency to where steps
        of the distribution function are below the tolerance.
        """
        lowest = int(SCAN * FINE * float(np.sqrt(batch_size)) / (4 * spacing))  # pi / (2 spacing)
        hidden = self._above(batch_size, max(1, lowest))
        if self.atom:
            offset = self.values - self.values[self.main]
            one = batch_size * self.atom ** (batch_size - 1)
            cells = ((offset - offset[0]) / spacing).astype(np.int64)
            mass = masses(cells, np.where(offset == 0, 0.0, self.weights))
            hidden += one * float(np.convolve(mass, np.ones(3)).max())
        return hidden

    def _above(self, batch_size: int, lowest: int) -> float:
        """Integral of |f - g| / (pi t) from a frequency on, but for one draw or none apart from the main value."""
        if self.scanned[0] != batch_size:
            fine = FINE * float(np.sqrt(batch_size))
            mass = np.zeros(SCAN)
            wrap(self.values, self.weights, self.values[self.main], fine, mass)
            above = np.zeros(SCAN // 4 + 1)
            integrate(np.fft.rfft(mass), self.atom, batch_size, damping(SCAN), above)
            self.scanned = batch_size, above
        return float(self.scanned[1][min(lowest, SCAN // 4)])


def _standardised(distinct: Floats, weights: Floats) -> Floats:
    """Mean 0 and variance 1; values near the ends of the float64 range do not overflow."""
    unit = distinct / np.abs(distinct).max()
    unit = unit - unit @ weights
    unit = unit - unit @ weights  # once more: what rounding left of a large mean
    return np.asarray(unit / np.sqrt(unit**2 @ weights), np.float64)

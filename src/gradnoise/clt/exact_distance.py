"""Exact distance of a mini-batch mean to the Gaussian, from the characteristic function: no Monte Carlo.

The mean of B draws with replacement from N known values has the characteristic function phi(t / B)^B. On a
lattice of values that is one Fourier transform of their frequencies, a power, and one transform back.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

Floats = NDArray[np.float64]


FIRST_STEP = 0.08, 0.5  # least and largest spacing of the first lattice, deviations of the values


SHARE = 0.01  # of a deviation of the batch's sum that the first spacing may be


HALVINGS = 4  # at most


FINEST = 1 << 20  # longest transform


TOLERANCE = 2e-5, 3e-3  # change between a lattice and one of half its spacing: absolute or relative


REACH = (
    10.0  # standard deviations of the mean kept on either side, besides what few extremes can add
)


EXTREMES = 5  # so many draws of the most extreme value in one batch are left room for


COMMON = 64  # most distinct values among which a common spacing is looked for


def exact_ks(values: ArrayLike, batch_size: int) -> float:
    """Kolmogorov distance of the standardised mean of `batch_size` iid draws from `values` to N(0, 1).

    sup_x |P(sqrt(B) (mean - m) / s <= x) - Phi(x)|, with m and s^2 the values' mean and variance (divided by
    N). Values on a common lattice (0 and 1, say) are treated exactly, jumps included. Any others are laid on a
    fine lattice so that every value keeps its first three moments there; its spacing is halved until the
    distance changes by less than 2e-5 or 0.3 %. The most frequent value's atom of the mean is kept exactly.

    Args:
        values: (N,) numbers, each equally likely.
        batch_size: B, at least 1.

    Returns:
        The distance, 0 to 1; NaN for constant values.

    Raises:
        ValueError: for a batch size below 1, fewer than 2 values, or values that are not finite.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size: found {batch_size}; at least 1 is needed")
    x = np.asarray(values, np.float64).ravel()
    if x.size < 2 or not np.isfinite(x).all():
        raise ValueError(
            f"values: found {x.size}, or some not finite; 2 finite ones or more needed"
        )
    distinct, counts = np.unique(x, return_counts=True)
    if distinct.size == 1:
        return float("nan")
    centre, scale = _location_and_scale(distinct, counts)
    standard, weight = (distinct - centre) / scale, counts / x.size
    if batch_size == 1:
        normal, upper = ndtr(standard), np.cumsum(weight)
        return float(max(np.abs(upper - normal).max(), np.abs(upper - weight - normal).max()))
    spacing = _common_spacing(standard)
    if spacing:
        return _distance(*_on_lattice(standard, weight, spacing, 1), spacing, batch_size, 1.0)
    main = int(np.argmax(counts))
    # A value that stands once is no atom worth keeping.
    atom = float(weight[main]) if counts[main] > 1 else 0.0
    step = min(max(FIRST_STEP[0], SHARE * float(np.sqrt(batch_size))), FIRST_STEP[1])
    found = np.nan
    for halving in range(HALVINGS + 1):
        lattice = _on_lattice(standard - standard[main], weight, step / 2**halving, 2)
        before = found
        found = _distance(*lattice, step / 2**halving, batch_size, atom, standard[main])
        if abs(found - before) < max(TOLERANCE[0], TOLERANCE[1] * found):
            break
    return found


def _location_and_scale(distinct: Floats, counts: NDArray[Any]) -> tuple[float, float]:
    """Mean and standard deviation; values near the ends of the float64 range do not overflow."""
    largest = float(np.abs(distinct).max())
    unit = distinct / largest
    mean = float(np.average(unit, weights=counts))
    deviation = float(np.sqrt(np.average((unit - mean) ** 2, weights=counts)))
    return mean * largest, deviation * largest


def _common_spacing(values: Floats) -> float:
    """Spacing of the coarsest lattice that holds all values, or 0 where there are too many or none."""
    if values.size > COMMON:
        return 0.0
    gaps = np.diff(values)
    tolerance = 1e-6 * float(gaps.min())
    spacing = float(gaps[0])
    for gap in gaps[1:]:
        a, b = max(spacing, float(gap)), min(spacing, float(gap))
        while b > tolerance:
            a, b = b, a - np.round(a / b) * b
            b = abs(b)
        spacing = a
    span = float(values[-1] - values[0])
    exact = np.abs(gaps / spacing - np.round(gaps / spacing)).max() < 1e-4
    return spacing if exact and span / spacing < 4096 else 0.0


def _on_lattice(values: Floats, weights: Floats, step: float, order: int) -> tuple[Floats, int]:
    """Masses at whole multiples of `step`, and the multiple of the first.

    With order 2 each value is shared by three neighbours so that its mean and variance are kept exactly, and
    its third moment on average; some masses are slightly negative. With order 1 values are on the lattice
    already (the first value is its origin).
    """
    if order == 1:
        index = np.round((values - values[0]) / step).astype(np.int64)
        return np.asarray(np.bincount(index, weights), np.float64), 0
    nearest = np.round(values / step)
    rest = values / step - nearest
    first = int(nearest.min()) - 1
    index = nearest.astype(np.int64) - first
    length = int(index.max()) + 2
    masses = np.zeros(length)
    masses += np.bincount(index, weights * (1 - rest**2), length)
    masses += np.bincount(index - 1, weights * rest * (rest - 1) / 2, length)
    masses += np.bincount(index + 1, weights * rest * (rest + 1) / 2, length)
    return masses, first


def _distance(
    masses: Floats,
    first: int,
    step: float,
    batch_size: int,
    atom: float,
    origin: float | None = None,
) -> float:
    """Largest gap between the sum's distribution function and the normal one.

    Args:
        masses: of the multiples first, first + 1, ... of `step`.
        first: multiple of the first mass.
        step: spacing, in standard deviations of the values.
        batch_size: B.
        atom: probability of the multiple 0, a true atom; or 1: every mass is one.
        origin: the value at multiple 0; None: the masses' mean is zero.
    """
    offset = -float(np.arange(masses.size) @ masses) * step if origin is None else origin
    size = _length(masses.size, step, batch_size, float(np.abs(masses).sum()), first, offset)
    total = np.fft.irfft(np.fft.rfft(masses, size) ** batch_size, size)
    # Multiple of the sum at index 0; the transform is circular, so start half a period below the mean.
    mean = -batch_size * (offset / step)
    start = int(np.floor(mean)) - size // 2
    shift = (start - batch_size * first) % size
    total = np.roll(total, -shift)
    points = (np.arange(start, start + size) * step + batch_size * offset) / np.sqrt(batch_size)
    normal = ndtr(points)
    upper = np.cumsum(total)
    if atom == 1.0:
        return float(max(np.abs(upper - normal).max(), np.abs(upper - total - normal).max()))
    middle = np.abs(upper - total / 2 - normal)
    largest = float(middle.max())
    at = -start
    if atom > 0 and 0 <= at < size:
        largest = max(largest, float(middle[at]) + atom**batch_size / 2)
    return largest


def _length(
    masses: int, step: float, batch_size: int, total: float, first: int, offset: float
) -> int:
    """Length of the transform: room for the sum, or for all of it that has any probability."""
    farthest = step * max(abs(first + offset / step), abs(first + masses + offset / step))
    reach = 2 * (REACH * np.sqrt(batch_size) + min(EXTREMES, batch_size) * farthest) / step
    whole = batch_size * (masses - 1) + 1
    needed = max(masses, min(whole, int(reach)))
    return min(1 << int(np.ceil(np.log2(needed))), FINEST)

"""What an estimator of the tail index is, and what estimators share."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradnoise.series import Rows, as_rows, over_sorted_blocks

SMALLEST = 4  # samples in a series


Floats = NDArray[np.float64]


Flags = NDArray[np.bool_]


class TailIndex(NamedTuple):
    """Index and scale s of exp(-|s t|^alpha), and whether they were found; the samples' shape without the axis."""

    alpha: Floats
    scale: Floats
    converged: Flags


class Estimator(NamedTuple):
    """One method, declared as `ESTIMATOR` by a module of `gradnoise.tails.stable.estimators`.

    Attributes:
        fit: from the same m series sorted and as given, (m, n) each, float32 or float64, to arrays (m,). It
            changes neither; the second may have any strides.
        limits: indices that histograms span; what lies outside is counted in their outer bins.
        calibrated: indices that the method has been held against simulated laws of; others are not converged.
        null_series: Gaussian series for its null, at most.
    """

    fit: Callable[[Rows, Rows], TailIndex]
    limits: tuple[float, float] = (0.5, 2.0)
    calibrated: tuple[float, float] = (0.5, 2.0)
    null_series: int = 10_000


def over_series(
    samples: ArrayLike,
    axis: int,
    fit: Callable[[Rows, Rows], Sequence[NDArray[Any]]],
    kinds: Sequence[Any] = (np.float64, np.float64, np.bool_),
) -> list[NDArray[Any]]:
    """What a fit says of every series, block after block, on threads.

    Args:
        samples: real numbers, at least 4 along `axis`.
        axis: the axis of the series.
        fit: as in `Estimator`.
        kinds: dtypes of the arrays that it returns.

    Returns:
        The arrays, in the samples' shape without the axis.

    Raises:
        ValueError: for fewer than 4 samples.
    """
    rows, shape = as_rows(samples, axis)
    if rows.shape[1] < SMALLEST:
        raise ValueError(f"samples: found {rows.shape[1]} in a series; at least {SMALLEST} needed")
    found = [np.empty(len(rows), kind) for kind in kinds]

    def work(ordered: Rows, where: slice) -> None:
        for values, part in zip(found, fit(ordered, rows[where]), strict=True):
            values[where] = part

    over_sorted_blocks(rows, work)
    return [values.reshape(shape) for values in found]


def rescaled(ordered: Rows) -> tuple[Rows, Floats]:
    """Sorted rows whose squares and reciprocals stay within float64's range, and the unit of each.

    Extreme rows are multiplied by a power of two, which loses no digit. `gaussianity.kernels` does the same
    to its rows inside its kernels: they need the row's middle, too, and Numba's cache of compiled code sees
    no change of a function in another file.

    Args:
        ordered: (m, n), each row ascending.

    Returns:
        The rows (the same array where none is extreme), and (m,) what their values must be multiplied by; NaN
        where a row has no finite range.
    """
    first, last = ordered[:, 0].astype(np.float64), ordered[:, -1].astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        varying = np.isfinite(first) & np.isfinite(last) & (first < last)
        huge, tiny = np.maximum(-first, last) > 1e100, last - first < 1e-100
    factors = np.where(huge, 2.0**-600, np.where(tiny, 2.0**600, 1.0))
    extreme = varying & (huge | tiny)
    if extreme.any():
        ordered = ordered.copy()
        ordered[extreme] *= factors[extreme, np.newaxis]
    return ordered, np.where(varying, 1.0 / factors, np.nan)


def quantiles(ordered: Rows, *shares: float) -> list[Floats]:
    """Quantiles of sorted rows (m, n), linear between order statistics (NumPy's default): (m,) for each share."""
    found = []
    for share in shares:
        place = share * (ordered.shape[1] - 1)
        below = min(int(place), ordered.shape[1] - 2)
        low, high = (ordered[:, k].astype(np.float64) for k in (below, below + 1))
        with np.errstate(invalid="ignore", over="ignore"):
            found.append(low + (place - below) * (high - low))
    return found

"""Tail index of many series at once, by any of the registered estimators.

An index below 2 describes the shape of the samples. It does not prove infinite variance: mini-batch noise over a
finite data set is bounded. No number from here means anything without the same estimator's on Gaussian
samples (`gradnoise.tails.null`).
"""

import numpy as np
from numpy.typing import ArrayLike

from gradnoise.store.registry import registered
from gradnoise.tails.stable.estimator import Estimator, TailIndex, over_series

ESTIMATORS: dict[str, Estimator] = registered("gradnoise.tails.stable.estimators", "ESTIMATOR")


METHODS = tuple(ESTIMATORS)


DEFAULT = "ecf"  # the method that figures show and that claims and the positive control judge by


def tail_index(samples: ArrayLike, axis: int = -1, method: str = DEFAULT) -> TailIndex:
    """Tail index alpha and scale s of each series, for the characteristic function exp(-|s t|^alpha).

    Every method is a module of `gradnoise.tails.stable.estimators`, whose docstring gives its definition, source
    and limits; `ecf`, the regression on the characteristic function of Koutrouvelis (1980), JASA 75, has the least
    error of the fast ones. All are indifferent to a factor, and to a shift where their docstring says nothing else.

    Args:
        samples: float32 or float64, any shape, n >= 4 samples along `axis`; other real types become float64.
        axis: the axis of the series.
        method: one of `METHODS`.

    Returns:
        float64 `alpha` and `scale`, bool `converged`, each in the samples' shape without `axis`; the scale is
        in the samples' unit. NaN, NaN and False where a series has zero range, a value that is not finite, or
        too few different values. An estimate below 0.5, where no stable law was put to the method, or at the lower
        end of what it can find is returned as not converged; one at 2 is a proper one. `hill`, which fits no
        stable law, has no such limits.

    Raises:
        ValueError: for an unknown method or fewer than 4 samples.

    >>> gaussian = np.random.default_rng(0).standard_normal((600, 1000))
    >>> found = tail_index(gaussian, axis=0)
    >>> found.alpha.shape, bool(found.converged.all())
    ((1000,), True)
    >>> round(float(found.alpha.mean()), 2)  # what it says of no tails at all
    1.99
    """
    if method not in ESTIMATORS:
        raise ValueError(f"method: found {method!r}; accepted: {', '.join(METHODS)}")
    estimator = ESTIMATORS[method]
    found = TailIndex(*over_series(samples, axis, estimator.fit))
    low, high = estimator.calibrated
    with np.errstate(invalid="ignore"):
        inside = (found.alpha >= low) & (found.alpha <= high)
    return found._replace(converged=found.converged & inside)


def warm() -> None:
    """Compile every kernel, or load it from Numba's cache."""
    for dtype in (np.float32, np.float64):
        for method in METHODS:
            tail_index(np.arange(80, dtype=dtype).reshape(4, 20) ** 3, method=method)

"""What many p-values say together."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def passing(pvalues: NDArray[np.float64], significance: float) -> float:
    """Percentage of tests that pass, p >= significance; NaN for none, or where one was not made."""
    if not pvalues.size or np.isnan(pvalues).any():
        return float("nan")
    return 100 * float(np.mean(pvalues >= significance))


def storey_pi0(pvalues: ArrayLike) -> float:
    """Share of true null hypotheses, #{p > 1/2} / (m / 2), after Storey (2002), JRSS B 64, lambda = 1/2.

    Args:
        pvalues: (m,).

    Returns:
        The share; it is an estimate and may exceed 1. NaN for m = 0.
    """
    p = np.asarray(pvalues)
    return float(np.mean(p > 0.5) * 2) if p.size else float("nan")


def benjamini_hochberg(pvalues: ArrayLike, rate: float) -> int:
    """Number of rejections at false discovery rate `rate`: the largest k with p_(k) <= rate k / m.

    Benjamini and Hochberg (1995), JRSS B 57. Coordinates of a layer share their batches and so are
    dependent: the count is descriptive.

    Args:
        pvalues: (m,).
        rate: the false discovery rate.
    """
    p = np.sort(np.asarray(pvalues))
    below = np.flatnonzero(p <= rate * np.arange(1, p.size + 1) / max(1, p.size))
    return int(below[-1]) + 1 if below.size else 0

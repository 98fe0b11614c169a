"""Variances of few degrees of freedom, moderated by those of like quantities.

Smyth, Linear models and empirical Bayes methods for assessing differential expression in microarray experiments,
Stat. Appl. Genet. Mol. Biol. 3 (2004), article 3: the method of limma's `fitFDist` and `squeezeVar`. Variances s^2
with d degrees of freedom are sigma^2 chi^2_d / d, and 1/sigma^2 is chi^2_d0 / (d0 s0^2) over the quantities.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, polygamma

Array = NDArray[np.float64]

FEWEST = 3  # variances that can tell how much they vary


def fit_prior(variances: Array, degrees: float, most: float = np.inf) -> tuple[float, float]:
    """Degrees of freedom d0 and scale s0^2 of the prior, by the moments of the logarithms.

    Args:
        variances: (m,), above 0; others are left out.
        degrees: d, of each of them.
        most: d0 is at most this, whatever the variances say.

    Returns:
        d0, 0 where fewer than three variances say nothing (then s0^2 is their mean, or NaN), and s0^2.
    """
    kept = variances[np.isfinite(variances) & (variances > 0)]
    if len(kept) < FEWEST or degrees <= 0:
        return 0.0, float(kept.mean()) if len(kept) else float("nan")
    logs = np.log(kept) - digamma(degrees / 2) + np.log(degrees / 2)
    excess = logs.var(ddof=1) - polygamma(1, degrees / 2)
    if excess <= 0:  # they vary no more than equal ones would
        return float(most), float(kept.mean())
    found = 2 * trigamma_inverse(float(excess))
    scale = np.exp(logs.mean() + digamma(found / 2) - np.log(found / 2))
    return min(found, most), float(scale)


def moderate(variances: Array, degrees: float, prior_degrees: Array, prior: Array) -> Array:
    """(d0 s0^2 + d s^2) / (d0 + d), the variances with d0 + d degrees of freedom.

    Args:
        variances: s^2, (m,).
        degrees: d, of each of them.
        prior_degrees: d0, (m,), finite; 0 leaves a variance as it is, whatever its prior.
        prior: s0^2, (m,).
    """
    expected = np.where(prior_degrees > 0, prior, 0.0)
    return (prior_degrees * expected + degrees * variances) / (prior_degrees + degrees)


def trigamma_inverse(value: float) -> float:
    """x > 0 with trigamma(x) = value > 0, by Newton's iteration on 1 / trigamma (limma's)."""
    if value > 1e7:
        return float(1 / np.sqrt(value))
    if value < 1e-6:
        return float(1 / value)
    x = 0.5 + 1 / value
    for _ in range(50):
        trigamma = polygamma(1, x)
        step = trigamma * (1 - trigamma / value) / polygamma(2, x)
        x += step
        if -step / x < 1e-8:
            break
    return float(x)

"""Quantities of one kind, no percentages of coordinates: their variances are moderated by each other's."""

import numpy as np

from gradnoise.tables.moderated.contrasts import ARCHITECTURE, PRIOR, Array, Estimates, Scope
from gradnoise.tables.moderated.moderation import fit_prior, moderate


def estimate_alike(values: Array, scope: Scope) -> Estimates:
    """Means, errors and degrees of freedom of m quantities whose variances are draws of one law.

    No variance is taken to be less than the quantity's own, nor (of the architecture) than its repeats' part.

    Args:
        values: float64 (S, R, m): seeds, repeats, quantities, in any unit that they share.
        scope: what the errors speak of.

    Returns:
        Arrays (m,). Errors are NaN where nothing was repeated.
    """
    seeds, repeats, count = values.shape
    of_repeats = values.var(axis=1, ddof=1).mean(axis=0) if repeats > 1 else np.zeros(count)
    if scope == ARCHITECTURE:
        degrees, units = seeds - 1, seeds
        own = values.mean(axis=1).var(axis=0, ddof=1) if degrees else np.full(count, np.nan)
        floor = np.full(count, of_repeats.mean() / repeats)
    else:
        degrees, units = seeds * (repeats - 1), seeds * repeats
        own, floor = of_repeats if degrees else np.full(count, np.nan), np.zeros(count)
    d0, scale = fit_prior(np.maximum(own, floor), degrees, min(PRIOR, degrees * (count - 1.0)))
    d0s = np.full(count, d0)
    variance = np.maximum(moderate(own, degrees, d0s, np.full(count, scale)), own)
    error = np.sqrt(np.maximum(variance, floor) / units)
    return Estimates(values.mean(axis=(0, 1)), error, degrees + d0s)

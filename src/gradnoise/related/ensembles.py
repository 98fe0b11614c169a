"""Ensembles of independent chains, stepped together."""

from collections.abc import Callable

import numpy as np

from gradnoise.related.study import Floats


def stationary_variance(
    advance: Callable[[Floats], Floats], start: Floats, forgotten: int, steps: int
) -> Floats:
    """Variance about 0 of chains with mean 0, once they have forgotten where they started.

    Args:
        advance: one step of all chains.
        start: (repeats, replicas).
        forgotten: steps before the first that counts.
        steps: that count.

    Returns:
        float64 (repeats,), mean over replicas and steps.
    """
    position, total = start, np.zeros(len(start))
    for step in range(forgotten + steps):
        position = advance(position)
        if step >= forgotten:
            total += np.mean(position**2, axis=1)
    return total / steps

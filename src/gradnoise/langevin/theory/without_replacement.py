"""Beyond independent, constant noise: batches without replacement, and noise that grows with the distance."""

from typing import NamedTuple

import numpy as np

from gradnoise.errors import whole
from gradnoise.langevin.theory.mapping import check


class WithoutReplacement(NamedTuple):
    """Variance of plain SGD on one mode with a fresh permutation in every epoch.

    Attributes:
        epoch_end: after whole epochs.
        epoch_average: mean over an epoch's steps.
    """

    epoch_end: float
    epoch_average: float


def without_replacement_variance(
    sample_count: int,
    batch_size: int,
    curvature: float,
    learning_rate: float,
    sample_variance: float = 1.0,
) -> WithoutReplacement:
    """Exact variance along one eigenvector where the noise of an epoch adds up to zero.

    Modes that relax slower than an epoch are suppressed, without any curvature dependence of the noise (see Kuehn and
    Rosenow, arXiv:2306.05300).

    Args:
        sample_count: N.
        batch_size: B; an epoch is floor(N / B) steps.
        curvature: h.
        learning_rate: eta, with 0 < eta h < 2.
        sample_variance: of a single sample's gradient over the N samples, divided by N.

    Returns:
        Two variances, in the squared unit of the parameter.

    Raises:
        ValueError: where the step is unstable or an epoch has fewer than two steps.

    >>> found = without_replacement_variance(64, 4, curvature=0.2, learning_rate=0.1)
    >>> round(found.epoch_end, 9), round(found.epoch_average, 8)
    (0.000550485, 0.00636102)
    """
    check(learning_rate, 0.0)
    shrink = 1 - learning_rate * curvature
    if not -1 < shrink < 1:
        raise ValueError(
            f"unstable: learning rate times curvature is {1 - shrink:g}; the stability limits are 0 and 2"
        )
    steps = whole("sample_count", sample_count) // whole("batch_size", batch_size)
    if steps < 2:
        raise ValueError(
            f"batch_size: found {batch_size}; at most {sample_count // 2}, half the samples"
        )
    noise = sample_variance / batch_size * (sample_count - batch_size) / (sample_count - 1)
    taken = np.arange(1, steps + 1)
    first = (1 - shrink**taken) / (1 - shrink)
    second = (1 - shrink ** (2 * taken)) / (1 - shrink**2)
    # Batches of one epoch add up to zero, so that two of them correlate by -1 / (steps - 1).
    grown = learning_rate**2 * noise * (second - (first**2 - second) / (steps - 1))
    end = grown[-1] / (1 - shrink ** (2 * steps))
    return WithoutReplacement(float(end), float(np.mean(shrink ** (2 * taken) * end + grown)))

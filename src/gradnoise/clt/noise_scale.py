"""The gradient noise scale of a layer, tr C / |G|^2: the batch size at which noise and signal are equal.

McCandlish, Kaplan, Amodei et al. (2018), "An empirical model of large-batch training", their B_simple.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from gradnoise.gradients.columns import read_columns

JACKKNIFE = 20  # groups of samples that are left out in turn


READ_BYTES = 1 << 24  # of float64 columns at a time


class NoiseScale(NamedTuple):
    """Noise scale in samples, and its jackknife standard error; infinite where no signal is left."""

    value: float
    standard_error: float


def noise_scale(gradients: Any) -> NoiseScale:
    """Noise scale of the coordinates given, from per-sample gradients (N, C).

    tr C is unbiased (divided by N - 1), and |G|^2 = |mean|^2 - tr C / N is. The error leaves out one of 20
    groups of samples at a time, every twentieth: neighbours may be of one class. With fewer than 40 samples it is NaN.

    Args:
        gradients: float32 (N, C), an array or a Zarr array, read some columns at a time.
    """
    samples, count = gradients.shape
    groups = [slice(group, None, JACKKNIFE) for group in range(JACKKNIFE)]
    # Of all samples, then of all but one group: |mean|^2 and the sum of squares about it.
    # All are sums over coordinates, so that columns can be read some at a time.
    signal, noise = np.zeros(JACKKNIFE + 1), np.zeros(JACKKNIFE + 1)
    sizes = [len(range(samples)[group]) for group in groups]
    left = np.array([samples, *(samples - size for size in sizes)], np.float64)
    width = max(1, READ_BYTES // (8 * max(1, samples)))
    for start in range(0, count, width):
        block = read_columns(gradients, slice(start, start + width)).astype(np.float64)
        sums = np.array([block[group].sum(axis=0) for group in groups])
        squares = np.einsum("nc,nc->n", block, block)
        total = block.sum(axis=0)
        parts = np.array([squares[group].sum() for group in groups])
        means = np.vstack([total, total - sums]) / np.maximum(left, 1)[:, None]
        signal += np.einsum("jc,jc->j", means, means)
        noise += np.array([squares.sum(), *(squares.sum() - parts)])
    with np.errstate(divide="ignore", invalid="ignore"):
        trace = (noise - left * signal) / (left - 1)
        # |mean|^2 exceeds |G|^2 by the noise that is left in the mean.
        true = signal - trace / left
        scales = np.where(true > 0, trace / true, np.where(trace > 0, np.inf, np.nan))
    if samples < 2 * JACKKNIFE or not np.isfinite(scales).all():
        return NoiseScale(float(scales[0]), math.nan)
    deviations = scales[1:] - scales[1:].mean()
    error = math.sqrt((JACKKNIFE - 1) / JACKKNIFE * float(deviations @ deviations))
    return NoiseScale(float(scales[0]), error)

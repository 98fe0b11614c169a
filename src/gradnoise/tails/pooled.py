"""The published pooled tail index, with the bias that unequal scales give it.

Pooling the coordinates of a layer makes a block's sum one over many coordinates: it is closer to Gaussian than they
are, and a mixture of Gaussians of unequal scales reads as heavy-tailed (how much: `predicted_pooled`).
It is here to be compared with published numbers, not to be believed.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


BLOCK_VALUES = 1 << 20  # simulated at a time


class PooledIndex(NamedTuple):
    """What `pooled_mohammadi` finds.

    Attributes:
        alpha: the pooled index, clipped at 2; biased downwards where scales differ.
        predicted: what Gaussian noise with the same scales gives by formula; NaN for one series.
        block: values in a block.
        dropped: exact zeros left out.
    """

    alpha: float
    predicted: float
    block: int
    dropped: int


def pooled_mohammadi(samples: ArrayLike, block: int | None = None) -> PooledIndex:
    """Block estimator over all values of all coordinates, as in Simsekli et al. (2019), ICML, and descendants.

    **Biased**: exactly Gaussian noise whose scales are log-normal with log-deviation 0, 0.5, 1, 2 reads about 2.0,
    1.87, 1.58, 1.0. Use `gradnoise.tails.tail_index` per coordinate instead. The values are laid end to
    end, mini-batch after mini-batch, so that a block runs over coordinates: 1 / alpha = (mean ln|Y_j| -
    mean ln|X_i|) / ln K with Y_j the sums of K values.

    Args:
        samples: any shape; noise is (batches, coordinates). Taken as given; exact zeros are left out.
        block: values in a block, K; by default the square root of their number, as published.

    Returns:
        The index and what the scales of the coordinates (the last axis) alone predict. NaN where there is
        not a block of values.

    Raises:
        ValueError: for a block of fewer than 2 values.

    >>> random = np.random.default_rng(0)
    >>> scales = np.exp(random.standard_normal(1000))
    >>> found = pooled_mohammadi(scales * random.standard_normal((600, 1000)))  # Gaussian, every coordinate
    >>> round(found.alpha, 1), round(found.predicted, 1), found.block
    (1.6, 1.6, 774)
    """
    array = np.asarray(samples, np.float64)
    length = math.isqrt(array.size) if block is None else block
    if block is not None and block < 2:
        raise ValueError(f"block: found {block}; at least 2 values are needed")
    sums = pooled_sums(array, length)
    scales = array.std(axis=tuple(range(array.ndim - 1))) if array.ndim > 1 else np.empty(0)
    dropped = int(np.count_nonzero(array == 0))
    return PooledIndex(index_of(sums, length), predicted_pooled(scales, length), length, dropped)


def pooled_sums(values: NDArray[Any], block: int) -> Floats:
    """Sum and number of ln|value|, sum and number of ln|sum of a block|: these add over parts of the noise."""
    flat = np.ravel(values)
    flat = flat[flat != 0].astype(np.float64, copy=False)  # a copy already
    flat = flat[: flat.size // max(block, 1) * block]
    blocks = flat.reshape(-1, max(block, 1)).sum(axis=1)
    blocks = blocks[blocks != 0]
    # Zeros have no logarithm: those of dead coordinates before the sums, those of blocks that cancel after.
    for each in (flat, blocks):
        np.log(np.abs(each, out=each), out=each)
    return np.array([flat.sum(), flat.size, blocks.sum(), blocks.size], np.float64)


def index_of(sums: Floats, block: int) -> float:
    """Index of `pooled_sums`, clipped at 2; NaN where there is no block."""
    logs, values, block_logs, blocks = sums
    if not blocks or block < 2:
        return math.nan
    inverse = (block_logs / blocks - logs / values) / math.log(block)
    return float(1 / max(inverse, 0.5))


def predicted_pooled(scales: ArrayLike, block: int) -> float:
    """Index that pooled Gaussian coordinates give: 1 / alpha = 1/2 + (ln E s^2 / 2 - E ln s) / ln K.

    A few percent low for very unequal scales or short blocks, where a block's sum is not Gaussian.

    Args:
        scales: standard deviations of the coordinates; zeros are left out.
        block: values in a block, K.

    Returns:
        The index; NaN without scales.
    """
    positive = np.asarray(scales, np.float64)
    positive = positive[positive > 0]
    if not positive.size or block < 2:
        return math.nan
    # The largest first, so that no square leaves the range.
    largest = positive.max()
    relative = positive / largest
    excess = 0.5 * math.log(np.mean(relative**2)) - np.mean(np.log(relative))
    return float(1 / (0.5 + excess / math.log(block)))


def pooled_null(scales: Floats, batches: int, block: int, random: np.random.Generator) -> float:
    """The pooled index of one draw of independent Gaussian noise with the coordinates' scales.

    Args:
        scales: standard deviations of the C coordinates, (C,).
        batches: mini-batches n.
        block: values in a block.
        random: the generator.
    """
    positive = scales[scales > 0]
    if not positive.size:
        return math.nan
    rows = max(1, min(batches, BLOCK_VALUES // positive.size))
    sums = np.zeros(4)
    for start in range(0, batches, rows):
        shape = (min(rows, batches - start), positive.size)
        noise = random.standard_normal(shape)
        noise *= positive
        sums += pooled_sums(noise, block)
    return index_of(sums, block)

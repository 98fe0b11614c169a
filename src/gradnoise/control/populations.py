"""Regression gradients whose tails are known, fresh and resampled."""

import math
from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from gradnoise.draws.batches import Draws
from gradnoise.draws.pieces import cut
from gradnoise.draws.streams import Stream
from gradnoise.noise.gather import gather_noise, plan

Floats = NDArray[np.float64]


# A gradient is the product of an input and its label noise; one of the two has heavy tails.
HeavyFactor = Literal["inputs", "labels"]


HEAVY_FACTORS: tuple[HeavyFactor, ...] = get_args(HeavyFactor)


DEGREES = {"gaussian": math.inf, "t(3)": 3.0, "t(1.5)": 1.5}


FRESH_VALUES = 1 << 22  # gradients drawn at a time


INDEXED = 32  # of these, whose noise is drawn


def regression_gradients(
    random: np.random.Generator, distribution: str, heavy: HeavyFactor, shape: tuple[int, int]
) -> Floats:
    """Per-sample gradients of a linear regression at its true parameters: the weights of feature j for target j.

    Args:
        random: the generator.
        distribution: "gaussian", "t(3)" or "t(1.5)", of the inputs or the label noise.
        heavy: which of them; the other is standard normal.
        shape: samples and features.

    Returns:
        float64 (samples, features); independent columns.
    """
    degrees = DEGREES[distribution]

    def tailed(size: tuple[int, int]) -> Floats:
        return (
            random.standard_normal(size)
            if math.isinf(degrees)
            else random.standard_t(degrees, size)
        )

    inputs = tailed(shape) if heavy == "inputs" else random.standard_normal(shape)
    return inputs * (tailed(shape) if heavy == "labels" else random.standard_normal(shape))


def fresh_noise(
    random: np.random.Generator,
    distribution: str,
    heavy: HeavyFactor,
    batch_size: int,
    batches: int,
) -> Floats:
    """Means of the gradients of fresh samples, float64 (batches, INDEXED); their expectation is zero."""
    means = np.empty((batches, INDEXED))
    rows = max(1, FRESH_VALUES // (batch_size * INDEXED))
    for start in range(0, batches, rows):
        stop = min(start + rows, batches)
        shape = (stop - start) * batch_size, INDEXED
        drawn = regression_gradients(random, distribution, heavy, shape)
        means[start:stop] = drawn.reshape(stop - start, batch_size, INDEXED).mean(axis=1)
    return means


def resampled_noise(
    gradients: Floats, batch_sizes: Sequence[int], batches: int, seed: int
) -> NDArray[np.float32]:
    """Noise of batches drawn with replacement from given gradients (N, C), float32 (S, batches, C).

    The draws are the same for every population, and no network's.
    """
    draws = Draws(seed, 1, "with_replacement", len(gradients), Stream.CONTROL)
    planned = plan(draws, cut(draws, batch_sizes, batches))
    values = np.ascontiguousarray(gradients, np.float32)
    return gather_noise(values, values.mean(axis=0, dtype=np.float64), planned)

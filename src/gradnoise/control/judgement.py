"""Positive control: linear regression whose gradient noise has tails that are known, through the code that judges them.

There are as many targets as features. At the true parameters the gradient of a sample's squared error in the weight of
feature j for target j is -x_j e_j, with e the label noise: its tail index is that of the heavier of the two. Student's t with 1.5 degrees of
freedom has no variance, with 3 no fourth moment. Batches of fresh samples show which is which: their index
stays where the variance is infinite and goes to 2 where it is not. Large batches resampled from a fixed data set go to 2 whatever the population; there only the
growth of moments with the number of samples tells.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradnoise.control.populations import (
    DEGREES,
    HEAVY_FACTORS,
    INDEXED,
    HeavyFactor,
    fresh_noise,
    regression_gradients,
    resampled_noise,
)
from gradnoise.draws.streams import Stream, generator
from gradnoise.tails.growth import fourth_verdict, growth, variance_verdict
from gradnoise.tails.null import gaussian_null
from gradnoise.tails.stable.index import DEFAULT, METHODS, tail_index

SAMPLES = 20_000  # of the data set


FEATURES = 200  # whose growth is followed


NULL_SERIES = 1000


GAP = 0.2  # null minus measured index, of the default method, at the largest batch size, above which fresh noise has no variance


def check_population(
    distribution: str,
    heavy: HeavyFactor,
    batch_sizes: Sequence[int],
    batches: int,
    seed: int,
    null: Mapping[str, float],
) -> list[dict[str, Any]]:
    """Judge the tails of one population from fresh and from resampled batches of every size.

    Fresh batches tell whether there is a variance by the default method's index at the largest size, resampled
    ones by the growth of kurtosis with the number of samples; whether there is a fourth moment is told by the
    growth for both.

    Args:
        distribution, heavy: as for `regression_gradients`.
        batch_sizes: S of them.
        batches: of each size.
        seed: of everything.
        null: mean index of Gaussian series of as many batches, by method.

    Returns:
        2 S rows with the columns of `gradnoise.control.results`.
    """
    random = generator(seed, Stream.CONTROL, distribution, heavy)
    gradients = regression_gradients(random, distribution, heavy, (SAMPLES, FEATURES))
    grown = growth(gradients, seed)
    noise: dict[str, Sequence[NDArray[Any]]] = {
        "fresh": [fresh_noise(random, distribution, heavy, each, batches) for each in batch_sizes],
        "resampled": list(resampled_noise(gradients[:, :INDEXED], batch_sizes, batches, seed)),
    }
    indices = {
        (kind, size): _indices(values)
        for kind, series in noise.items()
        for size, values in zip(batch_sizes, series, strict=True)
    }
    gap = null[DEFAULT] - indices["fresh", max(batch_sizes)][DEFAULT]
    variance = {
        "fresh": "infinite" if gap > GAP else "finite",
        "resampled": variance_verdict(grown.kurtosis_exponent, grown.kurtosis_error),
    }
    fourth = fourth_verdict(grown.kurtosis_exponent, grown.kurtosis_error)
    return [
        {
            **{"distribution": distribution, "source": heavy, "draws": kind},
            **{"batch_size": size, "batches": batches},
            **{f"alpha_{method}": round(value, 4) for method, value in found.items()},
            **{f"null_{method}": round(value, 4) for method, value in null.items()},
            "growth_exponent": round(grown.kurtosis_exponent, 4),
            "growth_error": round(grown.kurtosis_error, 4),
            **_judged(DEGREES[distribution], variance[kind], fourth),
        }
        for (kind, size), found in indices.items()
    ]


def _judged(degrees: float, variance: str, fourth: str) -> dict[str, Any]:
    """What is true of a population, what was called, and whether both calls are right."""
    finite = degrees > 2, degrees > 4
    truth = tuple("finite" if each else "infinite" for each in finite)
    return {
        "finite_variance": finite[0],
        "finite_fourth": finite[1],
        "called_variance": variance,
        "called_fourth": fourth,
        "verdict": "right" if (variance, fourth) == truth else "wrong",
    }


def control(batch_sizes: Sequence[int], batches: int, seed: int) -> list[dict[str, Any]]:
    """Judge every population: three distributions, of the inputs or of the label noise."""
    drawn = gaussian_null(batches, METHODS, seed, series=NULL_SERIES)
    null = {method: _mean(values) for method, values in drawn.alpha.items()}
    return [
        row
        for distribution, heavy in product(DEGREES, HEAVY_FACTORS)
        for row in check_population(distribution, heavy, batch_sizes, batches, seed, null)
    ]


def _indices(noise: NDArray[Any]) -> dict[str, float]:
    """Mean index over coordinates by every method, of noise (batches, coordinates); NaN where none was found."""
    found = {method: tail_index(noise, axis=0, method=method) for method in METHODS}
    return {method: _mean(each.alpha[each.converged]) for method, each in found.items()}


def _mean(alpha: NDArray[np.float64]) -> float:
    return float(alpha.mean()) if alpha.size else math.nan

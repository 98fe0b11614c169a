"""How Gaussian is a layer's gradient noise? All repeats, batch sizes, numbers of batches.

Each coordinate's mini-batch noise is one series. It is tested, described and classed, at no level of the test: percentages,
which count the coordinates that pass at one (`summary`), are taken of the p-values later.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradnoise.errors import InputError
from gradnoise.gaussianity.normality import describe, statistics
from gradnoise.gaussianity.statistic import LARGEST, SMALLEST
from gradnoise.gaussianity.summary import roles
from gradnoise.noise.store import Noise, column_blocks

Fields = dict[str, NDArray[Any]]


def describe_noise(noise: Noise, batches: Sequence[int]) -> Fields:
    """Test, describe and class every coordinate from its first n batches, for each n.

    Args:
        noise: (S, batches, C) float32; read in blocks of at most 4 MiB, so that any C fits in memory.
        batches: the numbers n of batches, K of them.

    Returns:
        Arrays (S, K, C) by the names of the statistics' fields. Skewness, kurtosis and distance are NaN for DIRAC.

    Raises:
        InputError: for n outside 3 to 5000 or above the number of batches there are, or noise that is not finite.
    """
    sizes, stored, count = noise.shape
    wrong = [n for n in batches if not SMALLEST <= n <= min(LARGEST, stored)]
    if wrong:
        raise InputError(
            f"gaussianity.batches: found {wrong[0]}; accepted: {SMALLEST} to "
            f"{min(LARGEST, stored)} (the noise holds {stored} batches)"
        )
    results: Fields = {
        field.name: np.empty((sizes, len(batches), count), field.dtype)
        for statistic in statistics()
        for field in statistic.fields
    }
    for size in range(sizes):
        for columns in column_blocks(noise, max(batches, default=0)):
            block = np.asarray(noise[size, : max(batches), columns])
            for k, n in enumerate(batches):
                for name, values in describe(block[:n], axis=0).items():
                    results[name][size, k, columns] = values
    if np.isnan(results["pvalue"]).any():
        index = np.argwhere(np.isnan(results["pvalue"]))[0]
        raise InputError(f"the noise of coordinate {index[-1]} holds values that are not finite")
    return results


def describe_layer(noise: Sequence[Noise], batches: Sequence[int]) -> Fields:
    """Test, describe and class every coordinate, or direction, of a layer's noise in all repeats.

    Args:
        noise: one array (S, batches, C) per repeat.
        batches: the K numbers of batches to test with, each the first n of those there are.

    Returns:
        Arrays (S, K, R, C) by the names of the statistics' fields.
    """
    described = [describe_noise(array, batches) for array in noise]
    return {name: np.stack([one[name] for one in described], axis=2) for name in described[0]}


def examples(
    coordinates: Fields, noise: Noise, batch_sizes: Sequence[int], batches: Sequence[int]
) -> list[dict[str, Any]]:
    """Series to look at: a typical, the worst and a dead coordinate of the first repeat.

    At the smallest and the largest batch size, with the largest number of batches. Typical is the live
    coordinate of median p-value, worst the testable one of smallest W, dead the first DIRAC one; a role that
    nobody plays is left out.

    Returns:
        Dicts of `role`, `batch_size`, `position` (along the noise's last axis), `statistic`, `pvalue` and
        `samples`, float32 of shape (max(batches),).
    """
    k = int(np.argmax(batches))
    found = []
    for size in sorted({int(np.argmin(batch_sizes)), int(np.argmax(batch_sizes))}):
        cell = {name: values[size, k, 0] for name, values in coordinates.items()}
        for role, position in roles(cell).items():
            samples = np.asarray(noise[size, : batches[k], slice(position, position + 1)])
            found.append(
                {
                    "role": role,
                    "batch_size": int(batch_sizes[size]),
                    "position": position,
                    "statistic": float(cell["statistic"][position]),
                    "pvalue": float(cell["pvalue"][position]),
                    "samples": samples[:, 0].astype(np.float32),
                }
            )
    return found

"""Does the tail index go to 2? At the largest batch that a data set gives: as many draws as there are samples.

No batch size of an experiment is infinite, but stored per-sample gradients give any batch for the price of a matrix
product: counts of the samples times their gradients. Draws are with replacement, whatever the experiment's are: all
samples, each once, are no noise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gradnoise.draws.streams import Stream, generator
from gradnoise.gaussianity.normality import describe
from gradnoise.gaussianity.populations import Coordinate
from gradnoise.tails.columns import rows_of
from gradnoise.tails.influence import standardised
from gradnoise.tails.stable.index import DEFAULT, tail_index
from gradnoise.tails.summary import describe_indices

if TYPE_CHECKING:
    from gradnoise.tails.null import Null

ROWS_BYTES = 1 << 24  # of counts at a time


def noise_of_all(
    gradients: NDArray[np.float32], batches: int, random: np.random.Generator
) -> NDArray[np.float32]:
    """Noise of batches of N draws with replacement from N samples, in units of each coordinate's own noise.

    Args:
        gradients: (N, C), per-sample gradients.
        batches: number of batches n.
        random: of the draws, the same for all coordinates.

    Returns:
        float32 (n, C), of variance near 1; zero where the gradient does not vary.
    """
    samples = len(gradients)
    columns = standardised(gradients)
    columns /= np.float32(np.sqrt(samples))
    noise = np.empty((batches, gradients.shape[1]), np.float32)
    rows = max(1, ROWS_BYTES // (4 * samples))
    for start in range(0, batches, rows):
        drawn = random.integers(0, samples, (min(rows, batches - start), samples))
        counts = np.array([np.bincount(row, minlength=samples) for row in drawn], np.float32)
        noise[start : start + len(drawn)] = counts @ columns
    return noise


def largest_batch_rows(
    gradients: NDArray[np.float32], batches: int, repeats: Sequence[int], seed: int
) -> list[dict[str, Any]]:
    """Tail indices of live coordinates at batch size N, a row per repeat.

    Args:
        gradients: (N, C), per-sample gradients of some coordinates.
        batches: number of batches n.
        repeats: their numbers; each has draws of its own.
        seed: of the draws, which are the same for every layer.

    Returns:
        Rows of `columns.TABLES["largest"]`.
    """
    rows = []
    for repeat in repeats:
        random = generator(seed, Stream.TAILS, "all samples", repeat)
        noise = noise_of_all(gradients, batches, random)
        live = describe(noise, axis=0)["class"] == Coordinate.LIVE
        found = tail_index(noise[:, live], axis=0)
        rows.append(
            {
                "batch_size": len(gradients),
                "batches": batches,
                "repeat": repeat,
                "live": int(live.sum()),
                "share_converged": float(found.converged.mean()) if live.any() else np.nan,
                "alpha_mean": describe_indices(found.alpha[found.converged])["mean"],
            }
        )
    return rows


def beside_null(rows: NDArray[Any], null: Null) -> NDArray[Any]:
    """Rows of `columns.JUDGED_TABLES["largest_batch"]`, from those of `largest_batch_rows`, with Gaussian series of as many batches."""
    expected = describe_indices(null.alpha[DEFAULT])
    error = expected["sd"] / max(1, null.alpha[DEFAULT].size) ** 0.5
    found = []
    for values in rows.tolist():
        row = dict(zip(rows.dtype.names or (), values, strict=True))
        row |= {"null_mean": expected["mean"], "null_error": error}
        found.append({**row, "null_minus_mean": expected["mean"] - row["alpha_mean"]})
    return rows_of("largest_batch", found)

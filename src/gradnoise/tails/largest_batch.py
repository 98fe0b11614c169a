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
from gradnoise.gradients.columns import Columns
from gradnoise.tails.columns import rows_of
from gradnoise.tails.influence import rescaled, scale_of
from gradnoise.tails.stable.index import DEFAULT, tail_index
from gradnoise.tails.summary import describe_indices

if TYPE_CHECKING:
    from gradnoise.tails.null import Null

ROWS_BYTES = 1 << 24  # of counts at a time
SAMPLES = 8_192  # in memory at a time


def noise_of_all(
    gradients: Columns, batches: int, random: np.random.Generator
) -> NDArray[np.float32]:
    """Noise of batches of N draws with replacement from N samples, in units of each coordinate's own noise.

    Samples come SAMPLES at a time: how many of a batch's draws fall on each such block is multinomial, and these are
    independent and uniform within it.

    Args:
        gradients: (N, C), per-sample gradients.
        batches: number of batches n.
        random: of the draws, the same for all coordinates.

    Returns:
        float32 (n, C), of variance near 1; zero where the gradient does not vary.
    """
    samples, count = gradients.shape
    scales = [scale_of(gradients[:, c : c + 1][:, 0]) for c in range(count)]
    firsts = range(0, samples, SAMPLES)
    sizes = np.minimum(SAMPLES, samples - np.array(firsts))
    drawn = random.multinomial(samples, sizes / samples, batches)
    noise = np.zeros((batches, count), np.float32)
    for block, (first, size) in enumerate(zip(firsts, sizes.tolist(), strict=True)):
        columns = rescaled(gradients[first : first + size, :count], scales)
        columns /= np.float32(np.sqrt(samples))
        rows = max(1, ROWS_BYTES // (4 * size))
        for start in range(0, batches, rows):
            draws = drawn[start : start + rows, block].tolist()
            counts = np.empty((len(draws), size), np.float32)
            for row, number in zip(counts, draws, strict=True):
                row[:] = np.bincount(random.integers(0, size, number), minlength=size)
            noise[start : start + rows] += counts @ columns
    return noise


def largest_batch_rows(
    gradients: Columns, batches: int, repeats: Sequence[int], seed: int
) -> list[dict[str, Any]]:
    """Tail indices of live coordinates at batch size N, a row per repeat.

    Args:
        gradients: (N, C), per-sample gradients of some coordinates, of which some samples are read at a time.
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
                "batch_size": gradients.shape[0],
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

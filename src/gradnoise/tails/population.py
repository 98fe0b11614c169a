"""What a layer's per-sample gradients add to its tails: growth of moments, and the samples behind the tails."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradnoise.draws.batches import Draws
from gradnoise.gradients.columns import scratch_columns
from gradnoise.noise.store import Noise
from gradnoise.tails import growth, influence
from gradnoise.tails.columns import rows_of
from gradnoise.tails.largest_batch import largest_batch_rows
from gradnoise.tails.summary import spread

COORDINATES = 256  # of a layer's are enough for medians


class Population(NamedTuple):
    """What per-sample gradients say: arrays of the file's group `samples`, and tables of the file; empty without them."""

    arrays: dict[str, NDArray[Any]]
    tables: dict[str, NDArray[Any]]


def analyse_samples(
    gradients: Noise,
    index: NDArray[np.int64],
    draws: Draws,
    repeats: Sequence[int],
    batch_sizes: Sequence[int],
    batches: int,
    targets: NDArray[Any],
    classes: Sequence[str],
    folder: Path,
) -> Population:
    """Growth, influence and the index at the largest batch size over some of a layer's coordinates.

    Args:
        gradients: (N, C), per-sample gradients.
        index: flat indices of the coordinates in the parameter, (C,).
        draws: of the mini-batches whose extremes are looked at.
        repeats: numbers of the repeats, for batches of N draws.
        batch_sizes: S of them.
        batches: of each size.
        targets: of the N samples.
        classes: names of the classes; none in regression.
        folder: for a file of the columns that are looked at, 4 bytes a sample and column, which is gone afterwards.

    Returns:
        Arrays over the chosen coordinates and samples, and the tables `growth` (one row), `largest` (one row
        per repeat), `influence` (one row per batch size) and, in classification, `influence_classes` (one row per
        class).
    """
    positions = spread(gradients.shape[1], COORDINATES)
    with scratch_columns(gradients, positions, folder) as columns:
        grown = growth.growth(columns, draws.seed)
        found = influence.influence(columns)
        extremes, usual = influence.extreme_shares(columns, draws, batch_sizes, batches)
        largest = largest_batch_rows(columns, batches, repeats, draws.seed)
    arrays: dict[str, NDArray[Any]] = {
        "index": index[positions],
        "sizes": grown.samples,
        "kurtosis": grown.kurtosis,
        "rho": grown.rho,
        "third_share": found.third,
        "third_signed_share": found.third_signed,
        "fourth_share": found.fourth,
        "extreme_share": extremes,
        "usual_share": usual,
        "weight": found.weight.astype(np.float32),
        "top": found.top,
    }
    kurtosis = grown.kurtosis_exponent, grown.kurtosis_error
    moments = {
        "variance": growth.variance_verdict(*kurtosis),
        "fourth_moment": growth.fourth_verdict(*kurtosis),
    }
    exponents = {**vars(grown), "samples": gradients.shape[0], **moments}
    tables = {
        "growth": rows_of("growth", [exponents]),
        "largest": rows_of("largest", largest),
        "influence": rows_of("influence", _influence_rows(found, extremes, usual, batch_sizes)),
    }
    if classes:
        tables["influence_classes"] = influence.by_class(found.weight, found.top, targets, classes)
    return Population(arrays, tables)


def _influence_rows(
    found: influence.Influence,
    extremes: NDArray[np.float64],
    usual: NDArray[np.float64],
    batch_sizes: Sequence[int],
) -> list[dict[str, Any]]:
    """Medians over coordinates, a row per batch size, beside what Gaussian gradients give."""
    return [
        {
            "batch_size": size,
            "top_samples": influence.top_count(found.weight.size),
            "third_share": _median(found.third),
            "third_signed_share": _median(found.third_signed),
            "fourth_share": _median(found.fourth),
            "gaussian_third_share": influence.GAUSSIAN_THIRD,
            "gaussian_fourth_share": influence.GAUSSIAN_FOURTH,
            "extreme_share": _median(extremes[s]),
            "usual_share": _median(usual[s]),
            "top_weight": found.top_share,
        }
        for s, size in enumerate(batch_sizes)
    ]


def _median(values: NDArray[np.float64]) -> float:
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if finite.size else float("nan")

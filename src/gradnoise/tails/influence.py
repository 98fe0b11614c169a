"""Which samples make the tails of the noise: their share of the per-sample gradients' third and fourth central sums,
of the noise's extremes, and their classes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradnoise.draws.batches import Draws
from gradnoise.draws.pieces import cut
from gradnoise.gradients.columns import Columns
from gradnoise.noise.gather import TILE, Plan, gather_noise, plan
from gradnoise.tails.columns import rows_of

TOP = 0.01  # share of the samples that are called top


SHOWN = 24  # samples whose indices are kept, for thumbnails


# Gaussian values beyond q: E[|z|^3; |z| > q] / E|z|^3 and E[z^4; |z| > q] / 3 at the q with a tail of 1 %.
GAUSSIAN_THIRD, GAUSSIAN_FOURTH = 0.15649, 0.24924


Floats = NDArray[np.float64]


class Scale(NamedTuple):
    """What a column is standardised by.

    Attributes:
        largest: absolute value, in which the others are measured.
        mean, deviation: in these units.
    """

    largest: float
    mean: float
    deviation: float

    def applied(self, values: NDArray[Any]) -> Floats:
        """Some of the column's values less its mean, over its deviation."""
        found = values.astype(np.float64)
        found /= self.largest
        found -= self.mean
        found /= self.deviation
        return found


@dataclass(frozen=True)
class Influence:
    """Influence of N samples on C coordinates. A coordinate's top samples are its 1 % of largest |g - Eg|.

    Attributes:
        third: (C,), share of the sum of |g - Eg|^3 that the coordinate's top samples make; NaN where the gradient
            does not vary.
        third_signed: (C,), the same of the sum of (g - Eg)^3: it may be negative or above 1.
        fourth: (C,), the same of the sum of (g - Eg)^4.
        weight: (N,), each sample's share of the fourth central sum, mean over the coordinates that vary; sums to 1.
        top: indices of the samples of largest weight, the largest first, 1 % of N or at least 24 of them.
        top_share: share of the whole weight that the largest 1 % of the weights make.
    """

    third: Floats
    third_signed: Floats
    fourth: Floats
    weight: Floats
    top: NDArray[np.int64]
    top_share: float


def influence(gradients: Columns) -> Influence:
    """Shares of the central sums that the top samples make.

    For Gaussian gradients the top 1 % make 16 % of the third absolute and 25 % of the fourth central sum.

    Args:
        gradients: (N, C), per-sample gradients, of which one column is read at a time.
    """
    count, coordinates = gradients.shape
    tops = top_count(count)
    third, signed, fourth = np.full((3, coordinates), np.nan)
    weight, varying = np.zeros(count), 0
    for c in range(coordinates):
        column = gradients[:, c : c + 1][:, 0]
        scale = scale_of(column)
        if scale is None:
            continue
        z = scale.applied(column)
        largest = _largest(z, tops)
        squares = z * z
        cubes, fourths = squares * z, squares * squares
        third[c] = np.abs(cubes[largest]).sum() / np.abs(cubes).sum()
        total = cubes.sum()
        signed[c] = cubes[largest].sum() / total if total else np.nan
        fourth[c] = fourths[largest].sum() / fourths.sum()
        weight += fourths / fourths.sum()
        varying += 1
    weight /= max(1, varying)
    order = np.argsort(-weight, kind="stable")
    return Influence(
        third,
        signed,
        fourth,
        weight,
        order[: max(tops, min(SHOWN, count))],
        float(weight[order[:tops]].sum()),
    )


def extreme_shares(
    gradients: Columns, draws: Draws, batch_sizes: Sequence[int], batches: int
) -> tuple[Floats, Floats]:
    """Share of the noise's extremes that the top samples make.

    A coordinate's extremes are the 1 % of its mini-batches with the largest noise in absolute value. Their noise
    is a mean of their samples' gradients less the full one; the share is the part of the sum, signed towards
    the extreme, that comes from samples among the coordinate's top 1 %.

    Args:
        gradients: (N, C), per-sample gradients, of which some columns are read at a time.
        draws: which samples make which batch.
        batch_sizes: S of them.
        batches: of each size.

    Returns:
        Share of the extremes due to top samples, and, as what would be without extremes, the same share over all
        batches; (S, C) each, NaN where the gradient does not vary.
    """
    planned = plan(draws, cut(draws, batch_sizes, batches))
    blocks = [
        _extreme_shares(gradients[:, start : start + TILE], planned, batches)
        for start in range(0, gradients.shape[1], TILE)
    ]
    shares, usual = (np.concatenate(each, axis=1) for each in zip(*blocks, strict=True))
    return shares, usual


def _extreme_shares(gradients: NDArray[Any], planned: Plan, batches: int) -> tuple[Floats, Floats]:
    """Of some columns, which are gathered together."""
    centred = standardised(gradients)
    varying = centred.any(axis=0)
    nothing = np.zeros(centred.shape[1])
    # Means are linear: the same batches of the top samples alone, zeros elsewhere, are their part of the noise.
    noise = gather_noise(centred, nothing, planned).astype(np.float64)
    _keep_topmost(centred)
    due = gather_noise(centred, nothing, planned) * np.sign(noise)
    extremes = max(1, round(TOP * batches))
    size = np.abs(noise)
    threshold = -np.partition(-size, extremes - 1, axis=1)[:, extremes - 1 : extremes]
    beyond = size >= threshold
    with np.errstate(invalid="ignore"):
        shares = np.where(beyond, due, 0).sum(axis=1) / np.where(beyond, size, 0).sum(axis=1)
        usual = due.sum(axis=1) / size.sum(axis=1)
    return np.where(varying, shares, np.nan), np.where(varying, usual, np.nan)


def standardised(gradients: NDArray[Any]) -> NDArray[np.float32]:
    """Gradients (N, C) less their mean, over their deviation; zero where they do not vary."""
    return rescaled(gradients, [scale_of(column) for column in gradients.T])


def rescaled(gradients: NDArray[Any], scales: Sequence[Scale | None]) -> NDArray[np.float32]:
    """Some samples' gradients (n, C) on the scales of their columns; zero in those that have none."""
    found = np.zeros(gradients.shape, np.float32)
    for c, scale in enumerate(scales):
        if scale is not None:
            found[:, c] = scale.applied(gradients[:, c])
    return found


def _keep_topmost(centred: NDArray[np.float32]) -> None:
    """Let each column's top samples alone, and put zeros in the place of all others, (N, C)."""
    tops = top_count(len(centred))
    for column in centred.T:
        largest = _largest(column, tops)
        kept = column[largest]
        column[:] = 0
        column[largest] = kept


def _largest(z: NDArray[Any], tops: int) -> NDArray[np.int64]:
    """Which values are largest in absolute value, in no order."""
    return np.argpartition(np.abs(z), z.size - tops)[z.size - tops :]


def extreme_samples(column: NDArray[Any], shown: int = SHOWN) -> NDArray[np.int64]:
    """Indices of the samples at both ends of a coordinate: the lowest gradients first, the highest last.

    Args:
        column: (N,), a coordinate's per-sample gradients.
        shown: samples, half of them for each tail.
    """
    order = np.argsort(column, kind="stable")
    half = min(shown, column.size) // 2
    return np.concatenate([order[:half], order[order.size - half :]])


def by_class(
    weight: Floats, top: NDArray[np.int64], targets: NDArray[Any], classes: Sequence[str]
) -> NDArray[Any]:
    """One row per class: its share of the samples, of the influence and of the top samples.

    Args:
        weight: (N,), of `influence`.
        top: indices of the top samples.
        targets: int (N,).
        classes: names of the classes.

    Returns:
        Structured array, as `columns.TABLES` says.
    """
    labels = np.arange(len(classes))
    shares = (
        np.bincount(targets, minlength=labels.size) / targets.size,
        np.bincount(targets, weight, minlength=labels.size),
        np.bincount(targets[top], minlength=labels.size) / max(1, top.size),
    )
    columns = zip(labels.tolist(), classes, *(each.tolist() for each in shares), strict=True)
    names = ("label", "name", "share_samples", "share_weight", "share_top")
    return rows_of("influence_classes", [dict(zip(names, row, strict=True)) for row in columns])


def top_count(samples: int) -> int:
    """Number of samples that are called top."""
    return max(1, round(TOP * samples))


def scale_of(column: NDArray[Any]) -> Scale | None:
    """Scale of a column of gradients, (N,); None where it does not vary."""
    values = column.astype(np.float64)
    largest = np.abs(values).max()
    if not 0 < largest < np.inf:
        return None
    values /= largest
    mean = values.mean()
    values -= mean
    deviation = np.sqrt(np.mean(values * values))
    return Scale(largest, mean, deviation) if deviation > 1e-12 else None

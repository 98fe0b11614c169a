"""Which of a layer's series are shown."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradnoise.gaussianity.populations import Coordinate
from gradnoise.noise.store import Noise
from gradnoise.tails.results import Example
from gradnoise.tails.summary import example_roles

Floats = NDArray[np.float64]


Fields = Mapping[str, NDArray[Any]]


def tail_examples(
    fields: Fields,
    noise: Noise,
    batch_sizes: Sequence[int],
    batches: int,
    classes: NDArray[np.uint8],
    pvalues: Floats,
    significance: float,
) -> list[Example]:
    """Series to look at, of the first repeat.

    At the smallest batch size the coordinates of `lowest`, `median` and `highest` index among the live, and the
    `rejected` one of index nearest 1.5; and the lowest again as `followed`, at every batch size.

    Args:
        fields: of the method, `alpha`, `scale` and `converged`, (S, R, C) each.
        noise: (S, batches or more, C), of the first repeat.
        batch_sizes: the S mini-batch sizes.
        batches: the first n mini-batches of each size.
        classes, pvalues: (S, R, C), of the same series.
        significance: level of the Shapiro-Wilk test.
    """
    smallest = int(np.argmin(batch_sizes))
    live = classes[smallest, 0] == Coordinate.LIVE
    roles = example_roles(
        fields["alpha"][smallest, 0],
        fields["converged"][smallest, 0],
        live,
        pvalues[smallest, 0] < significance,
    )
    shown = [(role, smallest, position) for role, position in roles.items()]
    if "lowest" in roles:
        order = np.argsort(batch_sizes).tolist()
        shown += [("followed", size, roles["lowest"]) for size in order]
    return [
        Example(
            role,
            int(batch_sizes[size]),
            position,
            *_index_of(fields, (size, 0, position)),
            float(pvalues[size, 0, position]),
            np.asarray(noise[size, :batches, slice(position, position + 1)])[:, 0],
        )
        for role, size, position in shown
    ]


def _index_of(fields: Fields, at: tuple[int, int, int]) -> tuple[float, float]:
    """Index and scale of a series; NaN where the method found none."""
    if not fields["converged"][at]:
        return math.nan, math.nan
    return float(fields["alpha"][at]), float(fields["scale"][at])

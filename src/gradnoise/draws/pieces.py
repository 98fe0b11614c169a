"""How the stream of draws is cut so that one pass over it serves every batch size.

The mean of a batch is the length-weighted mean of the pieces it is made of, wherever a sample's gradient
does not depend on its batch mates. Cutting at every boundary of every batch that is wanted gives the
longest pieces that serve all sizes, whether they divide each other or not; and positions that no size
wants any more are in no piece.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gradnoise.draws.batches import Draws
from gradnoise.errors import whole


@dataclass(frozen=True, eq=False)
class Pieces:
    """P consecutive stretches of the stream, in order, and which of them make which batch.

    Attributes:
        batch_sizes: the S batch sizes.
        segment: int64 (P,), the segment of the stream that holds each piece.
        start, stop: int64 (P,), its positions start to stop - 1 in that segment.
        first, last: int64 (S, batches); batch i of size s is the pieces first to last - 1.
    """

    batch_sizes: tuple[int, ...]
    segment: NDArray[np.int64]
    start: NDArray[np.int64]
    stop: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]


def cut(draws: Draws, batch_sizes: Sequence[int], batches: int) -> Pieces:
    """Cut the stream for the first `batches` batches of every size.

    With sizes 2 and 3 and two batches of each, boundaries lie at 0, 2, 4 and at 0, 3, 6, so that the pieces
    are [0, 2), [2, 3), [3, 4), [4, 6): size 2 has the batches (0), (1, 2), size 3 has (0, 1), (2, 3).

    >>> pieces = cut(Draws(0, 0, "with_replacement", 100), [2, 3], 2)
    >>> pieces.start.tolist(), pieces.stop.tolist()
    ([0, 2, 3, 4], [2, 3, 4, 6])
    >>> pieces.first.tolist(), pieces.last.tolist()
    ([[0, 1], [0, 2]], [[1, 3], [2, 4]])

    Raises:
        ValueError: for batch sizes or a number of batches that `draws` cannot give.
    """
    batch_sizes, batches = check(draws, batch_sizes, batches)
    first = np.empty((len(batch_sizes), batches), np.int64)
    last = np.empty_like(first)
    segments, starts, stops, counted = [], [], [], 0
    per_segment = [
        batches if draws.sampling == "with_replacement" else draws.sample_count // size
        for size in batch_sizes
    ]
    # The size with the fewest batches a segment needs the most segments.
    for segment in range(max(-(-batches // count) for count in per_segment)):
        # The batches of each size that lie in this segment; none where a smaller size has enough already.
        here = [(segment * count, min((segment + 1) * count, batches)) for count in per_segment]
        bounds = [
            np.arange(max(stop - start, 0) + 1) * size
            for (start, stop), size in zip(here, batch_sizes, strict=True)
        ]
        # Every boundary of every size once, in order: neighbours bound a piece. All sizes begin at 0.
        points = np.unique(np.concatenate(bounds))
        for row, (start, stop) in enumerate(here):
            if stop > start:
                # A batch is the pieces between its own two boundaries, counted over all segments.
                place = counted + np.searchsorted(points, bounds[row])
                first[row, start:stop], last[row, start:stop] = place[:-1], place[1:]
        segments.append(np.full(points.size - 1, segment))
        starts.append(points[:-1])
        stops.append(points[1:])
        counted += points.size - 1
    return Pieces(
        batch_sizes,
        np.concatenate(segments),
        np.concatenate(starts),
        np.concatenate(stops),
        first,
        last,
    )


def positions(draws: Draws, pieces: Pieces, first: int, last: int) -> NDArray[np.int32]:
    """Sample indices of the pieces first to last - 1 laid end to end, int32."""
    segments = pieces.segment[first:last]
    found = []
    for segment in range(int(segments[0]), int(segments[-1]) + 1):
        within = first + np.flatnonzero(segments == segment)
        # The pieces of a segment leave no gap: every size fills it from its beginning.
        found.append(
            draws.positions(segment, int(pieces.start[within[0]]), int(pieces.stop[within[-1]]))
        )
    return np.concatenate(found)


def check(draws: Draws, batch_sizes: Sequence[int], batches: int) -> tuple[tuple[int, ...], int]:
    """Batch sizes and number of batches as whole numbers, where there are such batches.

    Raises:
        ValueError: for no, equal or impossible batch sizes, or a number of batches below 1.
    """
    if isinstance(batch_sizes, str) or not hasattr(batch_sizes, "__len__"):
        raise ValueError(f"batch_sizes: found {batch_sizes!r}; a list of sizes is needed")
    sizes = tuple(whole("batch_sizes", size) for size in batch_sizes)
    if not sizes or len(set(sizes)) != len(sizes):
        raise ValueError(f"batch_sizes: found {list(sizes)}; different sizes are needed")
    for size in sizes:
        draws.segment(size, 0)
    return sizes, whole("batches", batches)

"""Batches of every size put together out of sums over the pieces of one stream of draws."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from gradnoise.draws.pieces import Pieces
from gradnoise.errors import InputError

Row = NDArray[np.float64]


def batch_means(
    sums: Iterable[tuple[int, Tensor]], pieces: Pieces, wanted: NDArray[np.int64]
) -> Iterator[tuple[int, int, Row]]:
    """Mean gradient of every wanted batch, as soon as its last piece is there.

    Args:
        sums: number of a piece and the sum (T,) of its samples' gradients; every piece of a wanted batch,
            in order.
        pieces: which of them make which batch.
        wanted: as from `batches_of_pieces`.

    Yields:
        Position of the batch size, batch, float64 (T,).
    """
    totals: list[Tensor | None] = [None] * len(wanted)
    for piece, total in sums:
        # A piece lies in at most one batch of a size, and a batch's pieces follow one another: one running
        # sum for each size is enough, however many batches there are.
        for size, batch in enumerate(wanted[:, piece].tolist()):
            if batch < 0:
                continue
            totals[size] = summed = added(totals[size], total)
            if piece + 1 == pieces.last[size, batch]:
                totals[size] = None
                yield size, batch, (summed / pieces.batch_sizes[size]).cpu().numpy()


def batches_of_pieces(
    pieces: Pieces, rows: int, finished: Callable[[int, int], bool]
) -> NDArray[np.int64]:
    """Batch of each size to which each piece belongs, int64 (S, P); -1 where none is still to be computed."""
    batches = pieces.first.shape[1]
    found = np.full((len(pieces.batch_sizes), pieces.start.size), -1, np.int64)
    for size in range(len(found)):
        for first in range(0, batches, rows):
            if finished(size, first):
                continue
            for batch in range(first, min(first + rows, batches)):
                found[size, pieces.first[size, batch] : pieces.last[size, batch]] = batch
    return found


def added(total: Tensor | None, part: Tensor, weight: int = 1) -> Tensor:
    """Add in float64, in place after the first."""
    if total is None:
        return part.double() * weight
    return total.add_(part, alpha=weight)


def left_out(
    group: Sequence[int], finished: Callable[[int, int], bool], row: int, first: int
) -> bool:
    """`finished`, of a size's position within its group."""
    return finished(group[row], first)


def require_finite(row: Row, columns: Mapping[str, tuple[slice, slice]], where: str) -> None:
    """Refuse a gradient that is not finite.

    Raises:
        InputError: names the parameter, and where it was found.
    """
    if np.isfinite(row.sum()) or np.isfinite(row).all():
        return
    for name, slices in columns.items():
        if not all(np.isfinite(row[part]).all() for part in slices):
            raise InputError(f"the gradient of {name} is not finite in {where}")

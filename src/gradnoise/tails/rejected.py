"""The tail indices of the coordinates that the Shapiro-Wilk test rejects, beside those of rejected Gaussian series.

The paper's Figure 7: stable laws fitted, by maximum likelihood over [0.5, 2], to the rejected coordinates alone, most of
whose indices are 2. That is selection on the tail followed by a bounded fit; what it says of exactly Gaussian series
that the same test rejects stands beside. Both the default method and `ml`, the paper's, on the same series.
"""

from collections.abc import Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradnoise.noise.store import Noise, column_blocks
from gradnoise.tails.columns import REJECTED_METHODS, rows_of
from gradnoise.tails.null import Null
from gradnoise.tails.stable.estimator import TailIndex
from gradnoise.tails.stable.index import tail_index
from gradnoise.tails.summary import AT_TWO, BINS, count, spread

MOST = 48  # series of a cell: maximum likelihood takes half a millisecond for each
NEAR_TWO = 1.8  # from here on an index counts as close to 2
LIMITS = 0.5, 2.0  # of the histograms


class Rejected(NamedTuple):
    """What the rejected coordinates' indices are.

    Attributes:
        rows: structured array of S * R * methods rows, as `columns.JUDGED_TABLES["rejected"]` says.
        histograms: by method `edges`, `counts` (S, R, bins) of the series that were looked at, and `null` (bins,).
    """

    rows: NDArray[Any]
    histograms: dict[str, dict[str, NDArray[Any]]]


class Collected:
    """Rejected series of every cell, taken out of the noise while it goes by in blocks."""

    def __init__(self, rejected: NDArray[np.bool_]) -> None:
        """Choose series of every cell (S, R, C), evenly spread over its rejected coordinates."""
        self.number = rejected.sum(axis=2)
        self.places = {
            (s, r): np.flatnonzero(rejected[s, r])[spread(int(self.number[s, r]), MOST)]
            for s, r in np.ndindex(*self.number.shape)
        }
        self.series: dict[tuple[int, int], list[NDArray[np.float32]]] = {
            cell: [] for cell in self.places
        }

    @classmethod
    def of_noise(
        cls, rejected: NDArray[np.bool_], noise: Sequence[Noise], batches: int
    ) -> "Collected":
        """Those of noise (S, batches or more, C) per repeat, the first n batches, of which what holds some is read."""
        found = cls(rejected)
        for s, r in found.places:
            for columns in column_blocks(noise[r], batches):
                found.add((s, r), columns, np.asarray(noise[r][s, :batches, columns]))
        return found

    def add(self, cell: tuple[int, int], columns: slice, block: NDArray[np.float32]) -> None:
        """Take what is wanted of a block (batches, columns) of a cell."""
        wanted = self.places[cell]
        here = wanted[(wanted >= columns.start) & (wanted < columns.stop)] - columns.start
        self.series[cell].append(np.ascontiguousarray(block[:, here].T))

    def of(self, cell: tuple[int, int]) -> NDArray[np.float32]:
        """The series of a cell, (at most MOST, batches)."""
        return np.concatenate(self.series[cell])


def analyse_rejected(
    collected: Collected,
    batch_sizes: Sequence[int],
    batches: int,
    repeats: Sequence[int],
    null: Null,
) -> Rejected:
    """Indices of the collected series by both methods, beside those of rejected Gaussian series.

    Args:
        collected: after all blocks.
        batch_sizes: the S mini-batch sizes.
        batches: n.
        repeats: numbers of the R repeats.
        null: Gaussian series of as many batches, and level of the test, as the noise.
    """
    edges = np.linspace(*LIMITS, BINS + 1)
    rows, histograms = [], {}
    for method in REJECTED_METHODS:
        expected = null.of_rejected[method]
        described = {f"null_{name}": value for name, value in shares(expected).items()}
        counts = np.zeros((len(batch_sizes), len(repeats), BINS), np.int64)
        for (s, size), (r, repeat) in product(enumerate(batch_sizes), enumerate(repeats)):
            found = tail_index(collected.of((s, r)), method=method)
            counts[s, r] = count(found.alpha[found.converged], edges)
            rows.append(
                {
                    **{"batch_size": size, "batches": batches, "repeat": repeat, "method": method},
                    "rejected": int(collected.number[s, r]),
                    **shares(found),
                    **described,
                }
            )
        gaussian = count(expected.alpha[expected.converged], edges)
        histograms[method] = {"edges": edges, "counts": counts, "null": gaussian}
    return Rejected(rows_of("rejected", rows), histograms)


def shares(found: TailIndex) -> dict[str, Any]:
    """How many series there are, and what share of them has an index, one of 2, and one near 2."""
    number = found.alpha.size
    alpha = np.where(found.converged, found.alpha, -np.inf)
    nothing = not number
    return {
        "series": number,
        "share_converged": np.nan if nothing else float(found.converged.mean()),
        "share_at_2": np.nan if nothing else float(np.mean(alpha >= AT_TWO)),
        "share_near_2": np.nan if nothing else float(np.mean(alpha >= NEAR_TWO)),
    }

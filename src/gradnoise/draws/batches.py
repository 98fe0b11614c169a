"""Which samples make which mini-batch.

Mini-batches are positions in one stream that depends on seed, repeat and sampling scheme only, never on
the batch size or on how the means are computed. So adding a batch size, batches or a repeat changes no
existing batch, and sizes that divide each other nest.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gradnoise.draws.streams import Stream, generator

Sampling = Literal["with_replacement", "epoch_shuffle"]


BLOCK = 1 << 16  # positions per independently seeded block of the with-replacement stream

KEPT = 4  # blocks or permutations in memory: batches of all sizes move through the stream together


class Draws:
    """The mini-batches of one (seed, repeat, sampling scheme) over `sample_count` samples.

    With replacement, batch i of size B is the stream's positions iB to (i+1)B-1. With `epoch_shuffle` and
    K = floor(N/B), batch i is positions jB to (j+1)B-1 of permutation i // K, j = i mod K; the remainder of
    each permutation is dropped, so that no batch spans two.

    Args:
        seed: of the network; `repeat` tells independent repetitions apart.
        repeat: number of the repeat.
        sampling: the scheme.
        sample_count: number of samples N.
        stream: purpose of the draws.

    Raises:
        ValueError: for an unknown scheme, or no samples.
    """

    def __init__(
        self,
        seed: int,
        repeat: int,
        sampling: Sampling,
        sample_count: int,
        stream: Stream = Stream.DRAWS,
    ) -> None:
        if sampling not in ("with_replacement", "epoch_shuffle"):
            raise ValueError(
                f"sampling: found {sampling!r}; accepted: 'with_replacement', 'epoch_shuffle'"
            )
        if sample_count < 1:
            raise ValueError(f"sample_count: found {sample_count}; at least 1 is needed")
        self.seed, self.repeat, self.stream = seed, repeat, stream
        self.sampling: Sampling = sampling
        self.sample_count = sample_count
        self._segments: dict[int, NDArray[np.int32]] = {}

    def segment(self, batch_size: int, batch: int) -> tuple[int, int]:
        """Segment of the stream that holds a batch, and the batch's first position inside it.

        With replacement there is one endless segment, 0; with `epoch_shuffle` each permutation is one.

        Raises:
            ValueError: for a batch size below 1, or above the number of samples without replacement.
        """
        if batch_size < 1:
            raise ValueError(f"batch_size: found {batch_size}; at least 1 is needed")
        if self.sampling == "with_replacement":
            return 0, batch * batch_size
        if batch_size > self.sample_count:
            raise ValueError(
                f"batch_size: found {batch_size}; epoch_shuffle accepts at most the "
                f"{self.sample_count} samples there are"
            )
        epoch, within = divmod(batch, self.sample_count // batch_size)
        return epoch, within * batch_size

    def positions(self, segment: int, start: int, stop: int) -> NDArray[np.int32]:
        """Sample indices at positions start to stop-1 of a segment, int32 of shape (stop - start,)."""
        if self.sampling == "epoch_shuffle":
            return self._cached(segment)[start:stop]
        # The endless stream exists only in blocks, each drawn from a generator of its own: any stretch can be
        # had without all that comes before it.
        blocks = [self._cached(block) for block in range(start // BLOCK, -(-stop // BLOCK))]
        first = start // BLOCK * BLOCK
        return np.concatenate(blocks or [np.empty(0, np.int32)])[start - first : stop - first]

    def batches(self, batch_size: int, first: int, last: int) -> NDArray[np.int32]:
        """Sample indices of batches first to last-1, int32 of shape (last - first, batch_size).

        >>> Draws(7, 1, "epoch_shuffle", 10).batches(3, 0, 2).tolist()
        [[2, 0, 3], [4, 5, 1]]
        """
        indices = np.empty((last - first, batch_size), np.int32)
        for row, batch in enumerate(range(first, last)):
            segment, start = self.segment(batch_size, batch)
            indices[row] = self.positions(segment, start, start + batch_size)
        return indices

    def _cached(self, key: int) -> NDArray[np.int32]:
        """One permutation, or one block of independent draws; the last few are kept."""
        if key not in self._segments:
            random = generator(self.seed, self.stream, self.repeat, self.sampling, key)
            if self.sampling == "epoch_shuffle":
                drawn = random.permutation(self.sample_count)
            else:
                drawn = random.integers(0, self.sample_count, size=BLOCK)
            while len(self._segments) >= KEPT:
                self._segments.pop(next(iter(self._segments)))  # dicts keep their order: the oldest
            self._segments[key] = drawn.astype(np.int32)
        return self._segments[key]

"""One cut of the stream serves every batch size."""

import numpy as np
import pytest

from gradnoise.draws.batches import Draws
from gradnoise.draws.pieces import check, cut, positions

SAMPLINGS = ("with_replacement", "epoch_shuffle")


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_pieces_serve_every_size_in_one_pass_and_nothing_else(sampling):
    draws = Draws(0, 0, sampling, 100)
    pieces = cut(draws, (4, 8, 10), 30)
    lengths = pieces.stop - pieces.start
    for row, size in enumerate(pieces.batch_sizes):
        for batch in range(30):
            first, last = pieces.first[row, batch], pieces.last[row, batch]
            assert (pieces.segment[first], pieces.start[first]) == draws.segment(size, batch)
            assert lengths[first:last].sum() == size
    if sampling == "with_replacement":
        assert lengths.sum() == 300  # the largest size's draws hold all others'
        assert set(lengths[pieces.start >= 240]) == {10}  # only size 10 goes on beyond 240


@pytest.mark.parametrize("sampling", SAMPLINGS)
@pytest.mark.parametrize("sizes", [(3,), (4, 6, 9), (1, 50), (7, 100)])
def test_pieces_laid_end_to_end_are_the_batches(sampling, sizes):
    draws, count = Draws(4, 1, sampling, 100), 23
    pieces = cut(draws, sizes, count)
    offsets = np.concatenate([[0], np.cumsum(pieces.stop - pieces.start)])
    middle = offsets.size // 3
    parts = [positions(draws, pieces, *part) for part in ((0, middle), (middle, offsets.size - 1))]
    assert len(parts[0]) == offsets[middle]
    drawn = np.concatenate(parts)
    for row, size in enumerate(sizes):
        for batch, expected in enumerate(draws.batches(size, 0, count)):
            first, last = offsets[[pieces.first[row, batch], pieces.last[row, batch]]]
            assert np.array_equal(drawn[first:last], expected)


def test_pieces_are_as_long_as_boundaries_allow():
    pieces = cut(Draws(0, 0, "epoch_shuffle", 12), (4, 6), 3)
    # Two permutations: three batches of 4 fill the first, the third batch of 6 lies in the second.
    assert pieces.segment.tolist() == [0, 0, 0, 0, 1]
    assert pieces.start.tolist() == [0, 4, 6, 8, 0]
    assert pieces.stop.tolist() == [4, 6, 8, 12, 6]


def test_impossible_batches_are_refused():
    draws = Draws(0, 0, "epoch_shuffle", 10)
    for sizes in ((), (4, 4)):
        with pytest.raises(ValueError, match="different sizes are needed"):
            check(draws, sizes, 1)
    for sizes in (4, "48", 4.0):
        with pytest.raises(ValueError, match="a list of sizes is needed"):
            check(draws, sizes, 1)
    for size in (2.5, 4.0, "4", True, 0, -1, None):
        with pytest.raises(ValueError, match=r"batch_sizes: found .*; a whole number"):
            check(draws, (8, size), 1)
        with pytest.raises(ValueError, match=r"batches: found .*; a whole number"):
            check(draws, (8,), size)
    with pytest.raises(ValueError, match="batches: found 0"):
        cut(draws, (4,), 0)
    with pytest.raises(ValueError, match="at most the 10 samples"):
        cut(draws, (4, 11), 1)


def test_sizes_of_any_whole_kind_are_accepted():
    draws = Draws(0, 0, "with_replacement", 10)
    sizes, batches = check(draws, np.array([4, 8], np.uint8), np.int32(3))
    assert (sizes, batches) == ((4, 8), 3)
    assert {type(each) for each in (*sizes, batches)} == {int}

"""Crops and flips that belong to positions of the stream."""

import torch

from gradnoise.draws.batches import Draws
from gradnoise.noise.augmentation import POSITIONS, at_positions


def images(count):
    return torch.randn(1, 2, 8, 8, generator=torch.Generator().manual_seed(0)).repeat(
        count, 1, 1, 1
    )


def test_what_happens_to_a_sample_depends_on_its_position_alone():
    draws = Draws(3, 1, "with_replacement", 50)
    start = POSITIONS - 5  # across two generators
    whole = at_positions(images(12), draws, 0, start)
    parts = [at_positions(images(4), draws, 0, start + offset) for offset in (0, 4, 8)]
    assert torch.equal(whole, torch.cat(parts))
    assert len({tuple(image.flatten().tolist()) for image in whole}) > 6


def test_other_segments_repeats_and_seeds_are_drawn_anew():
    def drawn(seed, repeat, segment):
        return at_positions(images(20), Draws(seed, repeat, "with_replacement", 50), segment, 0)

    first = drawn(0, 0, 0)
    assert torch.equal(first, drawn(0, 0, 0))
    for other in ((1, 0, 0), (0, 1, 0), (0, 0, 1)):
        assert not torch.equal(first, drawn(*other))


def test_every_block_of_positions_is_drawn_anew():
    draws = Draws(3, 1, "with_replacement", 50)
    first, second = (at_positions(images(20), draws, 0, block * POSITIONS) for block in (0, 1))
    assert not torch.equal(first, second)

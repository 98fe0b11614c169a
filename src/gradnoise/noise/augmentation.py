"""Random crop and flip of the samples at positions of a stream of draws."""

import numpy as np
from torch import Tensor

from gradnoise.draws.batches import Draws
from gradnoise.draws.streams import Stream, generator
from gradnoise.training.augmentation import _drawn, _shift_and_mirror

POSITIONS = 4096  # of a stream of draws, whose crops and flips come from one generator


def at_positions(images: Tensor, draws: Draws, segment: int, start: int) -> Tensor:
    """Crop and flip the samples at successive positions of a stream of draws.

    What happens to a sample depends on its position alone, so that batches of different sizes that share
    positions share it too.

    Args:
        images: (count, channels, height, width), the samples at positions start to start + count - 1.
        draws: the stream.
        segment: its segment.
        start: first position.

    Returns:
        New tensor of the same shape.
    """
    stop = start + len(images)
    # Whole blocks are drawn, whatever is asked for: what a position draws must not depend on the request.
    blocks = [
        _drawn(
            POSITIONS,
            generator(
                draws.seed, Stream.DRAW_AUGMENTATION, draws.repeat, draws.sampling, segment, block
            ),
        )
        for block in range(start // POSITIONS, -(-stop // POSITIONS))
    ]
    first = start // POSITIONS * POSITIONS
    return _shift_and_mirror(images, np.concatenate(blocks)[start - first : stop - first])

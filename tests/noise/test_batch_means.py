"""Batches out of sums over pieces."""

import numpy as np
import pytest
import torch

from gradnoise.draws.batches import Draws
from gradnoise.draws.pieces import cut
from gradnoise.noise.batch_means import added, batch_means, batches_of_pieces


@pytest.mark.parametrize("sampling", ["with_replacement", "epoch_shuffle"])
def test_means_are_those_of_the_drawn_values(sampling):
    draws, values = Draws(1, 0, sampling, 30), torch.arange(30.0) ** 2
    pieces = cut(draws, (4, 6), 9)
    wanted = batches_of_pieces(pieces, 2, lambda size, first: (size, first) == (1, 4))

    def sums():
        for piece in range(pieces.start.size):
            bounds = int(pieces.start[piece]), int(pieces.stop[piece])
            drawn = draws.positions(int(pieces.segment[piece]), *bounds)
            yield piece, values[torch.from_numpy(drawn).long()].sum().double().reshape(1)

    found = {(size, batch): mean for size, batch, mean in batch_means(sums(), pieces, wanted)}
    assert set(found) == {(size, batch) for size in (0, 1) for batch in range(9)} - {(1, 4), (1, 5)}
    for (size, batch), mean in found.items():
        drawn = draws.batches((4, 6)[size], batch, batch + 1)[0]
        np.testing.assert_allclose(mean, values.numpy()[drawn].mean(dtype=np.float64), rtol=1e-12)


def test_sums_are_weighted_and_in_float64():
    first = added(None, torch.tensor([1e8], dtype=torch.float32))
    total = added(added(first, torch.tensor([0.5]), 3), torch.tensor([-1e8]))
    assert total.dtype == torch.float64
    assert float(total) == 1.5

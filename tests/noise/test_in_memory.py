"""The steps of either way in memory."""

import numpy as np
import pytest
import torch.nn.functional as F

from gradnoise.draws.batches import Draws
from gradnoise.gradients.selections import select
from gradnoise.noise.in_memory import fingerprint, in_memory, per_sample_arrays
from gradnoise.noise.minibatches import GradientSampler
from toy_network import gradient, images, network, same


def sampler():
    model, (inputs, targets) = network(), images()
    selections = select(dict(model.named_parameters()), None, 4, 0)
    draws = Draws(0, 0, "epoch_shuffle", 50)
    return GradientSampler(model, F.cross_entropy, inputs, targets, selections, draws)


def test_per_sample_gradients_come_with_their_means():
    found = sampler()
    for name, full in gradient(found.model, found.inputs, found.targets).items():
        each = per_sample_arrays(found)[name]
        assert each.gradient.shape == (50, full.size)
        assert same(each.full_gradient, full)
        assert np.array_equal(each.full_along_directions, each.along_directions.mean(0, np.float64))
        assert each.parameter.counts == (full.size, 4)


@pytest.mark.parametrize("how", ["per_sample", "per_batch"])
def test_either_way_gives_noise_by_size(how):
    noise = in_memory(sampler(), how, [5, 25], 4)
    assert {size: rows.shape for size, rows in noise["3.bias"].items()} == {5: (4, 3), 25: (4, 3)}
    two_epochs = noise["3.bias"][25].reshape(2, 2, 3)
    assert np.abs(two_epochs.sum(axis=1)).max() < 1e-6


def test_the_fingerprint_follows_parameters_mode_and_data():
    model, (inputs, targets) = network(batch_norm=True), images()
    first = fingerprint(model, inputs, targets)
    assert first == fingerprint(network(batch_norm=True), inputs, targets)
    found = {
        first,
        fingerprint(model, inputs + 1, targets),
        fingerprint(model.eval(), inputs, targets),
    }
    model[0].weight.data[0] += 1
    assert len(found | {fingerprint(model, inputs, targets)}) == 4

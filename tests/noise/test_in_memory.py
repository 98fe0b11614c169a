"""The steps of either way in memory."""

from functools import partial

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

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
    first = fingerprint(model, F.cross_entropy, inputs, targets)
    assert first == fingerprint(network(batch_norm=True), F.cross_entropy, inputs, targets)
    found = {
        first,
        fingerprint(model, F.cross_entropy, inputs + 1, targets),
        fingerprint(model.eval(), F.cross_entropy, inputs, targets),
    }
    model[0].weight.data[0] += 1
    assert len(found | {fingerprint(model, F.cross_entropy, inputs, targets)}) == 4


def smoothed(amount, function=F.cross_entropy):
    return lambda outputs, targets: function(outputs, targets, label_smoothing=amount)


def test_the_fingerprint_follows_the_losss_code_and_what_it_holds():
    losses = [
        F.cross_entropy,
        F.mse_loss,
        smoothed(0.1),
        smoothed(0.2),
        smoothed(0.1, smoothed),
        lambda outputs, targets: F.cross_entropy(outputs, targets) * 2,
        lambda outputs, targets: F.cross_entropy(outputs, targets) * 3,
        partial(F.cross_entropy, label_smoothing=0.1),
        partial(F.cross_entropy, label_smoothing=0.2),
        nn.CrossEntropyLoss(),
        nn.CrossEntropyLoss(weight=torch.ones(3)),
        nn.CrossEntropyLoss(weight=2 * torch.ones(3)),
    ]
    data = images()
    found = [fingerprint(network(), loss, *data) for loss in losses]
    assert len(set(found)) == len(losses)
    assert fingerprint(network(), smoothed(0.1), *data) == found[2]


def test_the_fingerprint_follows_the_models_forward():
    class Twice(nn.Linear):
        def forward(self, x):
            return 2 * super().forward(x)

    class Thrice(nn.Linear):
        def forward(self, x):
            return 3 * super().forward(x)

    found = set()
    for kind in (Twice, Thrice):
        torch.manual_seed(0)
        kind.__qualname__ = kind.__name__ = "Same"
        found.add(fingerprint(kind(2, 2), F.cross_entropy, *images()))
    assert len(found) == 2

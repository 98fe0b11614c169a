import numpy as np
import torch

from gradnoise.related.tanh_networks import DECAY, outputs, step

UNITS = 4


def test_a_step_is_autograd_s_with_weight_decay() -> None:
    random = np.random.default_rng(1)
    inputs, targets = random.standard_normal((2, 3, 6, 5)), random.standard_normal((2, 3, 6))
    start = random.standard_normal((2, 3, UNITS, 5)), random.standard_normal((2, 3, UNITS))
    rates = random.uniform(0.1, 0.3, (2, 3))
    inner, outer = (torch.tensor(each, requires_grad=True) for each in start)
    output = (torch.tanh(torch.tensor(inputs) @ inner.mT) @ outer[..., None])[..., 0]
    decay = DECAY / 2 * sum((each**2).sum() for each in (inner, outer))
    (((output - torch.tensor(targets)) ** 2).mean(dim=-1).sum() / 2 + decay).backward()
    np.testing.assert_allclose(outputs(start, inputs)[1], output.detach(), rtol=1e-9)
    moved = step(start, inputs, targets, rates)
    for each, parameter, found in zip(start, (inner, outer), moved, strict=True):
        by = rates.reshape(2, 3, *[1] * (each.ndim - 2))
        np.testing.assert_allclose(found, each - by * parameter.grad.numpy(), rtol=1e-9)

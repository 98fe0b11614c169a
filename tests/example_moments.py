"""Moments of per-sample gradients by definition, in float64."""

import copy

import numpy as np
import torch
from torch import nn

from gradnoise.model.loss import Loss
from gradnoise.moments.central_powers import Moments


def by_definition(gradients: np.ndarray) -> Moments:
    """Moments of (N, ...) along the first axis, two passes in float64."""
    gradients = gradients.astype(np.float64)
    mean = gradients.mean(axis=0)
    centred = gradients - mean
    central = [centred**2, np.abs(centred) ** 3, centred**3, centred**4]
    return Moments(mean, *(power.mean(axis=0) for power in central))


def per_sample(
    model: nn.Module, loss: Loss, inputs: torch.Tensor, targets: torch.Tensor
) -> dict[str, np.ndarray]:
    """Every sample by plain differentiation of a float64 copy of the model."""
    model = copy.deepcopy(model).double()
    named = {name: each for name, each in model.named_parameters() if each.requires_grad}
    rows: dict[str, list[np.ndarray]] = {name: [] for name in named}
    for index in range(len(inputs)):
        single = inputs[index : index + 1].double(), targets[index : index + 1]
        targets_of = single[1].double() if single[1].is_floating_point() else single[1]
        total = loss(model(single[0]), targets_of)
        gradients = torch.autograd.grad(total, list(named.values()), materialize_grads=True)
        for name, gradient in zip(named, gradients, strict=True):
            rows[name].append(gradient.numpy())
    return {name: np.stack(each) for name, each in rows.items()}


def assert_close(found: Moments, expected: Moments, tolerance: float = 1e-5) -> None:
    """Every moment to a part of its largest value."""
    for field in Moments._fields:
        one, other = getattr(found, field), getattr(expected, field)
        assert one.dtype == np.float64
        assert one.shape == other.shape, field
        assert np.abs(one - other).max() <= tolerance * np.abs(other).max(), field

"""A tiny network, its data, and its gradients by definition."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def images(count=50):
    random = torch.Generator().manual_seed(1)
    return (
        torch.randn(count, 1, 8, 8, generator=random),
        torch.randint(0, 3, (count,), generator=random),
    )


def network(batch_norm=False):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        norm = [nn.BatchNorm2d(3)] if batch_norm else []
        convolution = nn.Conv2d(1, 3, 3, 2)
        return nn.Sequential(convolution, *norm, nn.Tanh(), nn.Flatten(), nn.Linear(27, 3))


def gradient(model, inputs, targets):
    """By definition: one backward pass over the batch."""
    gradients = torch.autograd.grad(F.cross_entropy(model(inputs), targets), model.parameters())
    names = [name for name, _ in model.named_parameters()]
    return {
        name: each.double().reshape(-1).numpy() for name, each in zip(names, gradients, strict=True)
    }


def same(one, other):
    """Equal up to float32 rounding of the gradients."""
    return np.allclose(one, other, rtol=1e-5, atol=2e-7)

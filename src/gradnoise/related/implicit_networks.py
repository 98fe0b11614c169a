"""Implicit and explicit SGD of small networks on images, over learning rates.

tanh networks of one hidden layer, half the squared error, images of two classes. The implicit step is solved by
Newton's method and conjugate gradients with the products of `curvature.Objective`. All networks, of every rate and
repeat, are one model whose loss is the sum of theirs: its Hessian has a block for each.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from gradnoise.curvature.objective import Objective
from gradnoise.related.images import two_classes
from gradnoise.related.newton import implicit_step
from gradnoise.related.study import Floats, Settings

SAMPLES, UNITS, BATCH, STEPS = 40, 4, 8, 100
LATE = 30  # last steps over which the loss is averaged
NAME = "weights"


class Networks(nn.Module):
    """Networks side by side: inputs (samples, networks, pixels) to outputs (samples, networks)."""

    def __init__(self, weights: Tensor, pixels: int) -> None:
        super().__init__()
        self.weights = nn.Parameter(weights)
        self.pixels = pixels

    def forward(self, inputs: Tensor) -> Tensor:
        """Both layers of a network lie in one row of the weights."""
        count = len(self.weights)
        inner, outer = self.weights.split([UNITS * self.pixels, UNITS], dim=1)
        hidden = torch.tanh(
            torch.einsum("snp,nup->snu", inputs, inner.view(count, UNITS, self.pixels))
        )
        return torch.einsum("snu,nu->sn", hidden, outer)


def loss(outputs: Tensor, targets: Tensor) -> Tensor:
    """Sum over networks of half the squared error, mean over samples."""
    return ((outputs - targets) ** 2).sum(dim=1).mean() / 2


class Batch:
    """A mini-batch of every network, as a `newton.System`.

    Args:
        inputs: (samples, networks, pixels).
        targets: (samples, networks).
    """

    def __init__(self, inputs: Floats, targets: Floats) -> None:
        self.inputs, self.targets = torch.from_numpy(inputs), torch.from_numpy(targets)

    def _objective(self, at: Floats) -> Objective:
        position = torch.from_numpy(np.ascontiguousarray(at))
        model = Networks(position, self.inputs.shape[2])
        return Objective(model, loss, self.inputs, self.targets, position.reshape(-1))

    def values(self, at: Floats) -> Floats:
        """Loss (networks,) of each."""
        model = Networks(torch.from_numpy(np.ascontiguousarray(at)), self.inputs.shape[2])
        with torch.no_grad():
            errors = (model(self.inputs) - self.targets) ** 2
        return np.asarray(errors.mean(dim=0).numpy() / 2)

    def gradients(self, at: Floats) -> Floats:
        """Gradients (networks, parameters)."""
        model = Networks(torch.from_numpy(np.ascontiguousarray(at)), self.inputs.shape[2])
        (found,) = torch.autograd.grad(loss(model(self.inputs), self.targets), [model.weights])
        return np.asarray(found.numpy())

    def products(self, at: Floats, vectors: Floats) -> Floats:
        """Hessian products (networks, parameters) of each network's own block."""
        flat = torch.from_numpy(np.ascontiguousarray(vectors).reshape(-1))
        found = self._objective(at).hessian_product([NAME], flat)
        return np.asarray(found.numpy().reshape(at.shape))


class Descents(NamedTuple):
    """Losses of both methods.

    Attributes:
        start: (repeats,), mean loss over the training set.
        late: (methods, rates, repeats), mean over the last steps, implicit first; infinite where a network has diverged.
        residual: (rates, repeats), mean log10 of the implicit equation's residual over its step.
    """

    start: Floats
    late: Floats
    residual: Floats


def descend(settings: Settings, rates_of: Sequence[float]) -> Descents:
    """Both methods from the same starts, with the same batches, at every rate."""
    torch.set_num_threads(1)
    repeats = range(settings.repeats)
    drawn = [two_classes(settings.random("implicit_sgd", "images", k), SAMPLES) for k in repeats]
    inputs, targets = (np.array(each) for each in zip(*drawn, strict=True))
    pixels = inputs.shape[2]
    random = settings.random("implicit_sgd", "networks")
    scales = np.repeat([pixels**-0.5, UNITS**-0.5], [UNITS * pixels, UNITS])
    first = random.standard_normal((settings.repeats, len(scales))) * scales
    # Rates in the outer place, repeats in the inner.
    rates = np.repeat(rates_of, settings.repeats)
    implicit = explicit = np.tile(first, (len(rates_of), 1))
    order = np.tile(np.arange(settings.repeats), len(rates_of))
    whole = Batch(inputs.swapaxes(0, 1)[:, order], targets.T[:, order])
    steps = settings.scaled(STEPS, least=3)
    late, left, seen = np.zeros((2, len(rates))), np.zeros(len(rates)), min(LATE, steps)
    start = whole.values(implicit)[: settings.repeats]
    for count in range(steps):
        chosen = random.integers(SAMPLES, size=(BATCH, settings.repeats))
        batch = Batch(
            inputs[np.arange(settings.repeats), chosen][:, order],
            targets[np.arange(settings.repeats), chosen][:, order],
        )
        implicit, residuals = implicit_step(batch, implicit, rates)
        with np.errstate(all="ignore"):
            explicit = explicit - rates[:, None] * batch.gradients(explicit)
        left += np.log10(residuals + 1e-16) / steps
        if count >= steps - seen:
            late += np.array([whole.values(implicit), whole.values(explicit)]) / seen
    late = np.where(np.isfinite(late), late, np.inf)
    shape = len(rates_of), settings.repeats
    return Descents(start, late.reshape(2, *shape), left.reshape(shape))

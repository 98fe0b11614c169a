"""Networks whose loss has settled: the losses of two late windows, how far weights go between, and what is left of the gradient.

The networks and steps of `networks.algorithmic_stability`: tanh, images of two classes, squared loss, weight decay
and a constant rate. Full-batch descent from the same start, as long and at the same rate, says what gradient is left where steps have
no noise; it may be at the edge of stability.
"""

from typing import NamedTuple

import numpy as np

from gradnoise.related.images import two_classes
from gradnoise.related.study import Floats, Settings
from gradnoise.related.tanh_networks import Weights, outputs, step

SAMPLES, UNITS, BATCH, RATE = 40, 4, 5, 0.1
REPLICAS = 20  # networks on the same images
FORGOTTEN, WINDOW, EVERY = 10_000, 5000, 20
LAGS = (100, 200, 400, 800)


class Settled(NamedTuple):
    """What a set of networks does after its loss has settled.

    Attributes:
        distance: Kolmogorov's, of the losses in two windows.
        displacement: (lags,), mean squared distance of weights.
        gradients: mean norm of the whole set's gradient along SGD, over that at the end of full-batch descent.
        loss: mean of both windows.
    """

    distance: float
    displacement: Floats
    gradients: float
    loss: float


def gradient_norms(weights: Weights, inputs: Floats, targets: Floats) -> Floats:
    """Norm (networks,) of the gradient of mean loss and weight decay over all samples."""
    ones = np.ones(len(weights[1]))
    moved = step(weights, inputs, targets, ones)
    squares = [((now - then) ** 2).reshape(len(ones), -1).sum(axis=1)
               for now, then in zip(moved, weights, strict=True)]  # fmt: skip
    return np.asarray(np.sqrt(sum(squares)))


def losses(weights: Weights, inputs: Floats, targets: Floats) -> Floats:
    """Mean loss (networks,), without weight decay."""
    return np.asarray(((outputs(weights, inputs)[1] - targets) ** 2).mean(axis=1) / 2)


def displacement(path: Floats, lags: Floats) -> Floats:
    """Mean squared distance (lags,) of points (points, networks, parameters) so many points apart."""
    return np.array([((path[lag:] - path[:-lag]) ** 2).sum(axis=-1).mean() for lag in lags])


def settle(settings: Settings, repeat: int) -> Settled:
    """Train networks until their loss has settled, and look at two windows."""
    from scipy.stats import ks_2samp

    random = settings.random("settled_loss", "networks", repeat)
    inputs, targets = two_classes(random, SAMPLES)
    pixels = inputs.shape[1]
    weights: Weights = (
        random.standard_normal((REPLICAS, UNITS, pixels)) / np.sqrt(pixels),
        random.standard_normal((REPLICAS, UNITS)) / np.sqrt(UNITS),
    )
    without = weights
    rates = np.full(REPLICAS, RATE)
    forgotten, window = settings.scaled(FORGOTTEN), settings.scaled(WINDOW, least=2 * max(LAGS))
    seen, path, norms = [], [], []
    for count in range(forgotten + 2 * window):
        chosen = random.integers(SAMPLES, size=(REPLICAS, BATCH))
        weights = step(weights, inputs[chosen], targets[chosen], rates)
        without = step(without, inputs, targets, rates)
        if count >= forgotten and (count - forgotten) % EVERY == 0:
            seen.append(losses(weights, inputs, targets))
            norms.append(gradient_norms(weights, inputs, targets).mean())
            path.append(np.concatenate([weights[0].reshape(REPLICAS, -1), weights[1]], axis=1))
    middle = len(seen) // 2
    halves = np.array(seen[:middle]).ravel(), np.array(seen[middle:]).ravel()
    left = gradient_norms(without, inputs, targets).mean()
    return Settled(
        float(ks_2samp(*halves).statistic),
        displacement(np.array(path), np.array(LAGS) // EVERY),
        float(np.mean(norms) / left),
        float(np.mean(seen)),
    )

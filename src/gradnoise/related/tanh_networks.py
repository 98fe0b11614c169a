"""tanh networks of one hidden layer with weight decay, many at once: outputs and steps of SGD on the squared loss."""

import numpy as np

from gradnoise.related.study import Floats

DECAY = 0.02  # of weights: without, SGD has no stationary window within reach

Weights = tuple[Floats, Floats]


def outputs(weights: Weights, inputs: Floats) -> tuple[Floats, Floats]:
    """Hidden values (..., samples, units) and outputs (..., samples) of networks.

    Args:
        weights: first layer (..., units, pixels) and second layer (..., units).
        inputs: (..., samples, pixels).
    """
    hidden = np.tanh(inputs @ weights[0].swapaxes(-1, -2))
    return hidden, np.asarray((hidden @ weights[1][..., None])[..., 0])


def step(weights: Weights, inputs: Floats, targets: Floats, rates: Floats) -> Weights:
    """One step of SGD on |f - y|^2 / 2, mean over the batch, with weight decay; `rates` has the networks' shape."""
    hidden, output = outputs(weights, inputs)
    residual = rates[..., None] / targets.shape[-1] * (output - targets)
    back = residual[..., None] * weights[1][..., None, :] * (1 - hidden**2)
    kept = 1 - DECAY * rates[..., None]
    return (
        kept[..., None] * weights[0] - back.swapaxes(-1, -2) @ inputs,
        kept * weights[1] - (hidden.swapaxes(-1, -2) @ residual[..., None])[..., 0],
    )

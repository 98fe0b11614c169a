"""How far a network's decision boundary stays from its training samples, by how long samples stay in the batch.

Networks with more weights than samples, tanh, trained on images of two classes with the squared hinge loss
max(0, 1 - y f)^2 / 2, until no sample is left with a loss. The width of the boundary is the samples' median distance from it
along the output's gradient.
"""

import numpy as np
from numpy.typing import NDArray

from gradnoise.related.images import two_classes
from gradnoise.related.study import Floats, Settings

SAMPLES, UNITS = 40, 12
RATE, STEPS = 0.3, 20_000
REACH = np.linspace(0, 10, 201)  # distances that are tried; images have norms of about 7

Weights = tuple[Floats, Floats]


def outputs(weights: Weights, inputs: Floats) -> tuple[Floats, Floats]:
    """Hidden values (networks, samples, units) and outputs (networks, samples)."""
    hidden = np.tanh(inputs @ weights[0].swapaxes(1, 2))
    return hidden, np.asarray((hidden @ weights[1][..., None])[..., 0])


def step(weights: Weights, inputs: Floats, targets: Floats, shares: Floats) -> Weights:
    """One step on the loss weighted by `shares` (networks, samples)."""
    hidden, output = outputs(weights, inputs)
    residual = -shares * targets * np.maximum(0, 1 - targets * output)
    back = residual[..., None] * weights[1][:, None] * (1 - hidden**2)
    return (
        weights[0] - RATE * back.swapaxes(1, 2) @ inputs,
        weights[1] - RATE * (residual[..., None] * hidden).sum(axis=1),
    )


def batch_shares(inside: NDArray[np.bool_], share: float) -> Floats:
    """Weights of the samples' losses in a batch, whose mean over batches is that of the mean loss."""
    return np.asarray(inside / (share * inside.shape[-1]))


def distances(weights: Weights, inputs: Floats) -> Floats:
    """Distance (networks, samples) at which the output changes its sign along its gradient; 10 where it does not before."""
    hidden, output = outputs(weights, inputs)
    slopes = ((1 - hidden**2) * weights[1][:, None]) @ weights[0]
    size = np.linalg.norm(slopes, axis=-1, keepdims=True)
    away = np.divide(slopes, size, out=np.zeros_like(slopes), where=size > 0)
    away *= np.sign(output)[..., None]
    flat = [outputs(weights, inputs - far * away)[1] * output <= 0 for far in REACH]
    crossed = np.array(flat)
    return np.where(crossed.any(axis=0), REACH[crossed.argmax(axis=0)], REACH[-1])


def widths(settings: Settings, share: float, persistence: float) -> tuple[Floats, Floats]:
    """Median distance from the boundary (repeats,) and how many steps training took (repeats,).

    Args:
        settings: seed and repeats; images and starts are the same for every persistence.
        share: of the samples that are in the batch.
        persistence: steps that a sample stays in the batch; 1 / (1 - share): batches without memory.

    Raises:
        ValueError: for a persistence shorter than that.
    """
    if persistence < 1 / (1 - share):
        raise ValueError(f"persistence: found {persistence}; accepted: {1 / (1 - share)} or more")
    repeats = range(settings.repeats)
    drawn = [two_classes(settings.random("boundaries", "images", k), SAMPLES) for k in repeats]
    inputs, targets = (np.array(each) for each in zip(*drawn, strict=True))
    start = settings.random("boundaries", "start")
    shape = settings.repeats, UNITS, inputs.shape[2]
    weights: Weights = (
        start.standard_normal(shape) / np.sqrt(shape[2]),
        start.standard_normal(shape[:2]) / np.sqrt(UNITS),
    )
    random = settings.random("boundaries", "batches", f"{persistence:g}")
    enter, leave = share / ((1 - share) * persistence), 1 / persistence
    inside = random.random(targets.shape) < share
    taken = np.zeros(settings.repeats)
    for _ in range(settings.scaled(STEPS)):
        unsolved = (targets * outputs(weights, inputs)[1] < 1).any(axis=1)
        if not unsolved.any():
            break
        taken += unsolved
        weights = step(weights, inputs, targets, batch_shares(inside, share))
        chance = random.random(inside.shape)
        inside = np.where(inside, chance >= leave, chance < enter)
    return np.median(distances(weights, inputs), axis=1), taken

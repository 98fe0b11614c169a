"""Images of a long tail: how much rare classes are behind when a network's mean loss has fallen to a level.

Classes are given the frequencies 1, 1/2, ..., 1/10 in an order of each repeat's own, so that what is hard about a
class does not go with its frequency. tanh networks of one hidden layer, cross-entropy, whole data set at every step.
"""

from typing import Literal, NamedTuple

import numpy as np
from scipy.special import log_softmax, softmax

from gradnoise.data.small_images import labelled_images
from gradnoise.related.study import Floats, Settings

Method = Literal["gradient descent", "sign descent"]

CLASSES, SIDE, MOST = 10, 7, 200  # images of the most frequent class
UNITS = 20
RATES: dict[Method, float] = {"gradient descent": 0.3, "sign descent": 0.001}
LEVEL, STEPS = (
    0.6,
    3000,
)  # mean loss at which classes are compared; steps until which it is waited for

Weights = tuple[Floats, Floats]


class Tail(NamedTuple):
    """A long-tailed set.

    Attributes:
        inputs: (samples, pixels).
        targets: (samples, classes), 1 at a sample's class.
        ranks: (classes,), 1 for the most frequent class.
    """

    inputs: Floats
    targets: Floats
    ranks: Floats


def counts(ranks: Floats, most: int) -> Floats:
    """Images (classes,) of every class: Zipf's law."""
    return np.rint(most / ranks)


def long_tailed(random: np.random.Generator) -> Tail:
    """Images by Zipf's law, classes in random order."""
    ranks = np.asarray(random.permutation(CLASSES) + 1, np.float64)
    inputs, classes = labelled_images(random, counts(ranks, MOST).astype(int), SIDE)
    return Tail(inputs, np.eye(CLASSES)[classes], ranks)


def gradients(weights: Weights, inputs: Floats, targets: Floats) -> tuple[Weights, Floats]:
    """Gradients of the mean loss over samples, and the loss (samples,) of each."""
    hidden = np.tanh(inputs @ weights[0])
    outputs = hidden @ weights[1]
    residual = (softmax(outputs, axis=1) - targets) / len(inputs)
    back = (residual @ weights[1].T) * (1 - hidden**2)
    losses = -(targets * log_softmax(outputs, axis=1)).sum(axis=1)
    return (inputs.T @ back, hidden.T @ residual), np.asarray(losses)


def descend(tail: Tail, start: Weights, method: Method, steps: int) -> tuple[Floats, int]:
    """Loss (classes,) of every class, by rank, once the mean loss is below the level; and the steps until then.

    Raises:
        ValueError: where it is not within so many steps.
    """
    weights = start
    for step in range(steps + 1):
        along, losses = gradients(weights, tail.inputs, tail.targets)
        if losses.mean() < LEVEL:
            by_class = losses @ tail.targets / tail.targets.sum(axis=0)
            return np.asarray(by_class[np.argsort(tail.ranks)]), step
        if method == "sign descent":
            along = np.sign(along[0]), np.sign(along[1])
        weights = weights[0] - RATES[method] * along[0], weights[1] - RATES[method] * along[1]
    raise ValueError(f"{method}: the loss is above {LEVEL} after {steps} steps")


def compare(settings: Settings) -> tuple[Floats, Floats]:
    """Losses (methods, repeats, classes) by rank, and steps (methods, repeats) until the level."""
    losses, taken = [], []
    for repeat in range(settings.repeats):
        random = settings.random("class_imbalance", "images", repeat)
        tail = long_tailed(random)
        pixels = tail.inputs.shape[1]
        start = (
            random.standard_normal((pixels, UNITS)) / np.sqrt(pixels),
            random.standard_normal((UNITS, CLASSES)) / np.sqrt(UNITS),
        )
        found = [descend(tail, start, method, STEPS) for method in RATES]
        losses.append([each for each, _ in found])
        taken.append([steps for _, steps in found])
    return np.array(losses).swapaxes(0, 1), np.array(taken, np.float64).T


def slopes(losses: Floats) -> Floats:
    """Slope (...,) of the logarithm of the loss (..., classes) in that of the frequency, classes by rank."""
    frequency = -np.log(np.arange(1.0, losses.shape[-1] + 1))
    logs = np.log(losses).reshape(-1, losses.shape[-1]).T
    return np.asarray(np.polynomial.polynomial.polyfit(frequency, logs, 1)[1]).reshape(
        losses.shape[:-1]
    )

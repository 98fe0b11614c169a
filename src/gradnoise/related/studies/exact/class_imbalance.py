"""Class imbalance: gradient descent learns rare classes late, sign descent all at the same time.

Softmax regression on one-hot inputs, class k with frequency pi_k. By symmetry the margin a of a class obeys
da/dt = pi (1 - p) c / (c - 1) under gradient descent, so that the loss is a function of pi_k t alone and
loss x pi t -> (c - 1) / c; under sign descent every loss goes to (c - 1) exp(-2 eta t). On images, where classes learn
from each other, a network's losses are compared once their mean has fallen to a level.
"""

import numpy as np
from scipy.special import log_softmax, softmax

from gradnoise.related.long_tails import LEVEL, RATES, compare, slopes
from gradnoise.related.study import Floats, Panel, Results, Settings, Study, measured
from gradnoise.store.variables import Variable

CLASSES = 10
TIMES = (20.0, 200.0)  # pi t, at which every class is looked at
RATE, SIGN_RATE, SIGN_STEPS = 0.5, 0.1, 40
SPREAD = 0.1


def frequencies(classes: int) -> Floats:
    """Zipf's frequencies (classes,), the most frequent first."""
    weights = 1 / np.arange(1, classes + 1)
    return np.asarray(weights / weights.sum())


def losses(weights: Floats) -> Floats:
    """Cross-entropy (classes,) of each class; row k of `weights` (classes, classes) holds its logits."""
    return -np.asarray(np.diag(log_softmax(weights, axis=1)))


def gradient(weights: Floats, shares: Floats) -> Floats:
    """Of the mean loss over all samples."""
    return np.asarray(shares[:, None] * (softmax(weights, axis=1) - np.eye(len(shares))))


def gradient_descent(shares: Floats, times: tuple[float, ...]) -> Floats:
    """Loss of class k at pi_k t = each of the times, (times, classes); every class has its own step count.

    Steps of gradient descent on W with rate 0.5: a class of frequency pi has moved by pi t = 0.5 pi k after k.
    """
    weights = np.zeros((len(shares),) * 2)
    wanted = np.rint(np.outer(times, 1 / (RATE * shares))).astype(int)
    found = np.full(wanted.shape, np.nan)
    for step in range(int(wanted.max()) + 1):
        reached = wanted == step
        if reached.any():
            found = np.where(reached, losses(weights), found)
        weights -= RATE * gradient(weights, shares)
    return found


def sign_descent(shares: Floats, steps: int) -> Floats:
    """Loss (steps + 1, classes) of each class along sign descent with rate 0.1."""
    weights, found = np.zeros((len(shares),) * 2), []
    for _ in range(steps + 1):
        found.append(losses(weights))
        weights -= SIGN_RATE * np.sign(gradient(weights, shares))
    return np.array(found)


def same_steps(shares: Floats, steps: int) -> Floats:
    """Loss (classes,) of each class after some steps of gradient descent."""
    weights = np.zeros((len(shares),) * 2)
    for _ in range(steps):
        weights -= RATE * gradient(weights, shares)
    return losses(weights)


def run(settings: Settings) -> Results:
    """Both methods from zero weights, where nothing is random, and on long-tailed images."""
    shares = frequencies(CLASSES)
    times = np.array(TIMES)
    scaled = gradient_descent(shares, TIMES) * times[:, None]
    signs, plain = sign_descent(shares, SIGN_STEPS), same_steps(shares, SIGN_STEPS)
    limit = (CLASSES - 1) / CLASSES
    rows = []
    for time, values in zip(TIMES, scaled, strict=True):
        spread = np.ptp(values) / values.mean()
        name = f"gradient descent at pi t = {time:g}: spread of loss x pi t over classes"
        rows.append(measured(name, spread, 0.0, most=SPREAD))
        rows.append(
            measured(
                f"gradient descent at pi t = {time:g}: mean of loss x pi t over classes",
                values.mean(),
                limit,
            )
        )
    last, expected = signs[-1], (CLASSES - 1) * np.exp(-2 * SIGN_RATE * SIGN_STEPS)
    name = "sign descent: spread of the loss over classes"
    rows.append(measured(name, np.ptp(last) / last.mean(), 0.0, most=SPREAD))
    rows.append(measured("sign descent: mean of the loss over classes", last.mean(), expected))
    on_images, taken = compare(settings)
    tilts = slopes(on_images)
    for method, values in zip(RATES, tilts, strict=True):
        most = 0.0 if method == "gradient descent" else np.inf
        name = f"slope of log loss in log frequency, images, {method}"
        rows.append(measured(name, values, most=most))
    name = "slope of log loss in log frequency, images, sign descent minus gradient descent"
    rows.append(measured(name, tilts[1] - tilts[0], least=0.0))
    for method, steps in zip(RATES, taken, strict=True):
        rows.append(measured(f"steps to a mean loss of {LEVEL:g} nat, images, {method}", steps))
    return Results(
        rows,
        {
            "image_frequency": frequencies(on_images.shape[-1]),
            "image_loss": on_images,
            "frequency": shares,
            "time": times,
            "scaled_loss": scaled,
            "loss": np.array([plain, last]),
        },
    )


STUDY = Study(
    title="Does sign descent learn rare classes as fast?",
    statement="The loss of a class falls with its frequency under gradient descent, and does not know it under sign "
    "descent, which on long-tailed images leaves rare classes less far behind",
    source="Kunstner et al., arXiv:2402.19449",
    caption="Softmax regression on ten classes with Zipf's frequencies π. a: every class's loss, times π t, at the step at "
    "which its π t is the same, under gradient descent (dotted: the limit). b: every class's loss after 40 steps. c: loss of the "
    "classes of long-tailed images when a network's mean loss has fallen to 0.6 nat, with 95 % intervals over repeats, whose "
    "classes are in different order.",
    variables=(
        Variable("frequency", "share of a class in the data", "1", ("class",)),
        Variable("time", "frequency x time at which classes are compared", "1", ("time",)),
        Variable(
            "scaled_loss", "loss x frequency x time, gradient descent", "nat", ("time", "class")
        ),
        Variable(
            "loss",
            f"loss after {SIGN_STEPS} steps of gradient descent and of sign descent",
            "nat",
            ("method", "class"),
        ),
        Variable("image_frequency", "share of a class in the images", "1", ("rank",)),
        Variable(
            "image_loss",
            f"loss of a network on each class of images once its mean is {LEVEL:g} nat",
            "nat",
            ("method", "repeat", "rank"),
        ),
    ),
    panels=(
        Panel(
            "at equal frequency x time",
            "scaled_loss",
            "frequency",
            lines=tuple(f"π t = {time:g}" for time in TIMES),
            level=(CLASSES - 1) / CLASSES,
            label="loss x π t (nat)",
            log="x",
        ),
        Panel(
            f"after {SIGN_STEPS} steps",
            "loss",
            "frequency",
            lines=("gradient descent", "sign descent"),
            label="loss (nat)",
            log="xy",
        ),
        Panel(
            "long-tailed images",
            "image_loss",
            "image_frequency",
            lines=tuple(RATES),
            label="loss (nat)",
            log="xy",
        ),
    ),
    run=run,
)

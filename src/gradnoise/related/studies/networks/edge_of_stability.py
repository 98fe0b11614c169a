"""The edge of stability: gradient descent sharpens until eta lambda_max is 2, and goes on.

A tanh network on images, squared loss, full batch: the largest eigenvalue of its Hessian rises to 2 / eta and stays.
Logistic regression on separable points has no minimum, and any rate works: from eta lambda = 7.5 the loss rises
twice, then falls as 1 / (gamma^2 eta t), gamma the margin of the largest-margin direction, to which the weights turn.
"""

import numpy as np
from scipy.sparse.linalg import LinearOperator, eigsh
from scipy.special import expit

from gradnoise.related.images import two_classes
from gradnoise.related.study import (
    MARGIN,
    Floats,
    Panel,
    Results,
    Settings,
    Study,
    agreement,
    measured,
)
from gradnoise.store.variables import Variable

POINTS = 2 * np.array([[1.0, 0.15], [-0.7, 0.4]])  # times their labels
LOGISTIC_RATES, LOGISTIC_STEPS = (10.0, 0.5), 50_000
SAMPLES, UNITS, RATE = 100, 12, 0.1
STEPS, EVERY, LATE = 5000, 50, 0.3
POINTS_SHOWN = 60  # of the logistic loss


def largest_margin(points: Floats) -> tuple[float, float]:
    """Margin, and direction in degrees, of the separating line farthest from two points (2, 2) (times their labels).

    >>> [round(value, 4) for value in largest_margin(POINTS)]
    [0.5878, 81.6341]
    """
    first, second = points
    share = np.clip(first @ (first - second) / ((first - second) @ (first - second)), 0, 1)
    nearest = first + share * (second - first)
    return float(np.linalg.norm(nearest)), float(np.degrees(np.arctan2(nearest[1], nearest[0])))


def logistic_descent(rate: float, steps: int) -> tuple[Floats, Floats]:
    """Loss (steps + 1,) and weights at the end (2,) of logistic regression from 0."""
    weights, losses = np.zeros(2), np.empty(steps + 1)
    for step in range(steps + 1):
        margins = POINTS @ weights
        losses[step] = np.logaddexp(0, -margins).mean()
        if step < steps:
            weights = weights + rate / 2 * (expit(-margins) @ POINTS)
    return losses, weights


def curvature_at_zero() -> float:
    """Largest eigenvalue of the logistic loss's Hessian at 0."""
    return float(np.linalg.eigvalsh(POINTS.T @ POINTS / 8)[-1])


def gradient(weights: Floats, inputs: Floats, targets: Floats) -> tuple[float, Floats]:
    """Loss |f - y|^2 / 2, mean over samples, of a tanh network with one hidden layer, and its gradient.

    Args:
        weights: (UNITS x (pixels + 1),), the first layer's rows and then the second layer.
        inputs: (samples, pixels).
        targets: (samples,).
    """
    first, second = weights[:-UNITS].reshape(UNITS, -1), weights[-UNITS:]
    hidden = np.tanh(inputs @ first.T)
    residual = (hidden @ second - targets) / len(targets)
    back = residual[:, None] * second * (1 - hidden**2)
    found = np.concatenate([(back.T @ inputs).ravel(), residual @ hidden])
    return float(residual @ residual * len(targets) / 2), found


def sharpness(weights: Floats, inputs: Floats, targets: Floats) -> float:
    """Largest eigenvalue of the Hessian, from differences of gradients."""

    def product(vector: Floats) -> Floats:
        step = 1e-5 / np.linalg.norm(vector) * vector.ravel()
        up, down = (gradient(weights + sign * step, inputs, targets)[1] for sign in (1, -1))
        return np.asarray((up - down) / 2e-5 * np.linalg.norm(vector))

    size = weights.size
    operator = LinearOperator((size, size), matvec=product, dtype=np.float64)
    start = np.ones(size)
    return float(eigsh(operator, 1, which="LA", v0=start, tol=1e-4, return_eigenvectors=False)[0])


def train(settings: Settings, repeat: int, steps: int) -> Floats:
    """eta lambda_max (steps / EVERY,) along gradient descent."""
    inputs, targets = two_classes(settings.random("edge_of_stability", "images", repeat), SAMPLES)
    random = settings.random("edge_of_stability", "weights", repeat)
    pixels = inputs.shape[1]
    weights = np.concatenate(
        [
            random.standard_normal(UNITS * pixels) / np.sqrt(pixels),
            random.standard_normal(UNITS) / np.sqrt(UNITS),
        ]
    )
    found = []
    for step in range(steps):
        if step % EVERY == 0:
            found.append(RATE * sharpness(weights, inputs, targets))
        weights = weights - RATE * gradient(weights, inputs, targets)[1]
    return np.array(found)


def run(settings: Settings) -> Results:
    """The network, then the logistic example, in which nothing is random."""
    steps = settings.scaled(STEPS, least=4 * EVERY)
    products = np.array([train(settings, repeat, steps) for repeat in range(settings.repeats)])
    late = products[:, -max(1, round(LATE * products.shape[1])) :].mean(axis=1)
    rows = [
        measured("late mean of eta lambda_max", late, 2.0, 2 - MARGIN, 2 + MARGIN),
        measured("eta lambda_max at the start", products[:, 0]),
    ]
    margin, direction = largest_margin(POINTS)
    count = settings.scaled(LOGISTIC_STEPS, least=1000)
    shown = np.unique(np.rint(np.geomspace(1, count, POINTS_SHOWN)).astype(int))
    losses = []
    for rate in LOGISTIC_RATES:
        loss, weights = logistic_descent(rate, count)
        losses.append(loss[shown])
        name = f"logistic loss at rate {rate:g}"
        angle = np.degrees(np.arctan2(weights[1], weights[0]))
        rows += [
            measured(f"{name}: eta lambda_max at the start", rate * curvature_at_zero()),
            measured(f"{name}: steps that raise it", np.count_nonzero(np.diff(loss) > 0)),
            measured(f"{name}: direction of the weights, degrees", angle, direction),
        ]
        if rate == LOGISTIC_RATES[0]:
            scaled = loss[-1] * rate * count
            rows.append(agreement(f"{name} x eta t", scaled, 1 / margin**2))
    return Results(
        rows,
        {
            "step": EVERY * np.arange(products.shape[1]),
            "product": products,
            "logistic_step": shown,
            "logistic_loss": np.array(losses),
            "logistic_limit": np.array([1 / (margin**2 * rate * shown) for rate in LOGISTIC_RATES]),
        },
    )


STUDY = Study(
    title="Where does gradient descent stop sharpening?",
    statement="Gradient descent on squared loss sharpens until eta lambda_max is 2; on a logistic loss without minimum a "
    "rate beyond it works as well, and the loss falls as 1 / (gamma^2 eta t)",
    source="Cohen et al., arXiv:2103.00065; Wu et al., arXiv:2305.11788",
    caption="a: rate times the Hessian's largest eigenvalue along gradient descent of a tanh network on images of two classes "
    "(mean over repeats, 95 % interval as a band). b: logistic loss of two separable points along gradient descent (solid) "
    "and its limit 1 / (γ² η t) (dashed).",
    variables=(
        Variable("step", "steps of gradient descent", "", ("point",)),
        Variable(
            "product", f"eta lambda_max, every {EVERY} steps of training", "1", ("repeat", "point")
        ),
        Variable("logistic_step", "steps of gradient descent", "", ("time",)),
        Variable("logistic_loss", "loss along gradient descent", "nat", ("rate", "time")),
        Variable("logistic_limit", "1 / (gamma^2 eta t)", "nat", ("rate", "time")),
    ),
    panels=(
        Panel("network", "product", "step", level=2.0, label="η λ max"),
        Panel(
            "logistic regression",
            "logistic_loss",
            "logistic_step",
            "logistic_limit",
            tuple(f"rate {rate:g}" for rate in LOGISTIC_RATES),
            label="loss (nat)",
            log="xy",
        ),
    ),
    run=run,
)

"""Leaky ReLU networks on nearly orthogonal data: one step from a small start makes the weights nearly rank two.

f(x) = sum of a_j phi(w_j x) with fixed a_j = +-1 / sqrt(units), logistic loss, full gradient descent on the first
layer. The stable rank is |W|_F^2 / |W|_2^2.
"""

import numpy as np
from scipy.special import expit

from gradnoise.related.study import Floats, Panel, Results, Settings, Study, measured
from gradnoise.store.variables import Variable

POINTS, DIMENSIONS, UNITS = 40, 2000, 60
SLOPE, RATE = 0.1, 0.01
STARTS = (1e-5, 1.0)
STEPS = 20


def stable_rank(matrix: Floats) -> float:
    """|W|_F^2 / |W|_2^2 of a matrix.

    >>> round(stable_rank(np.diag([2.0, 1.0, 1.0])), 12)
    1.5
    """
    values = np.linalg.eigvalsh(matrix @ matrix.T)
    return float(values.sum() / values[-1])


def train(settings: Settings, repeat: int, start: float, steps: int) -> Floats:
    """Stable rank (steps + 1,) of the first layer, from weights of standard deviation `start`."""
    random = settings.random("leaky_relu_rank", repeat)
    inputs = random.standard_normal((POINTS, DIMENSIONS))
    labels = np.where(np.arange(POINTS) % 2, 1.0, -1.0)
    outer = np.where(np.arange(UNITS) % 2, 1.0, -1.0) / np.sqrt(UNITS)
    weights = start * random.standard_normal((UNITS, DIMENSIONS))
    found = [stable_rank(weights)]
    for _ in range(steps):
        hidden = inputs @ weights.T
        slopes = np.where(hidden > 0, 1.0, SLOPE)
        residual = -labels * expit(-labels * ((hidden * slopes) @ outer)) / POINTS
        weights -= RATE * (residual[:, None] * slopes * outer).T @ inputs
        found.append(stable_rank(weights))
    return np.array(found)


def run(settings: Settings) -> Results:
    """From a small start and from one of order 1."""
    ranks = np.array(
        [
            [train(settings, repeat, start, STEPS) for repeat in range(settings.repeats)]
            for start in STARTS
        ]
    )
    small, large = ranks
    rows = [
        measured("stable rank at the small start", small[:, 0]),
        measured("stable rank after one step", small[:, 1], most=2.0),
        measured(f"stable rank after {STEPS} steps", small[:, -1]),
        measured("stable rank after one step from a start of order 1", large[:, 1], least=4.0),
    ]
    return Results(rows, {"start": STARTS, "rank": ranks, "step": range(STEPS + 1)})


STUDY = Study(
    title="How large is the rank that a leaky ReLU network learns?",
    statement="One step of gradient descent from a small start makes the stable rank less than two; from a start of "
    "order 1 it stays large",
    source="Frei et al., arXiv:2210.07082",
    caption="Stable rank of the first layer along gradient descent from two sizes of starting weights (mean over repeats, 95 % "
    "interval as a band); the dotted line is 2.",
    variables=(
        Variable("start", "standard deviation of the first weights", "1", ("start",)),
        Variable("rank", "stable rank along training", "1", ("start", "repeat", "step")),
        Variable("step", "steps of gradient descent", "", ("step",)),
    ),
    panels=(
        Panel(
            "stable rank",
            "rank",
            "step",
            lines=tuple(f"start {start:g}" for start in STARTS),
            level=2.0,
            log="y",
        ),
    ),
    run=run,
)

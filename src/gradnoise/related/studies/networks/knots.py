"""Knots of wide ReLU fits: how many bends a wide network puts into the function through a few points.

f(x) = sum of a_j relu(w_j x + b_j) / sqrt(units), one-dimensional, 6 points with random labels. Unit j bends f
at -b_j / w_j by a_j |w_j| / sqrt(units). Bends are added up within cells of a fiftieth of the points' range; a knot is a
cell whose bend is above 1 % of the largest. Gradient descent is compared with SGD on labels that are off by +-delta, from
the same start: small weights, which have to grow, or weights of order 1, which hardly move.
"""

import numpy as np

from gradnoise.related.study import Floats, Panel, Results, Settings, Study, measured
from gradnoise.store.variables import Variable

POINTS, UNITS, CELLS = 6, 100, 50
LABEL_NOISE, RATE, STEPS = 0.3, 0.2, 60_000
STARTS = (0.1, 1.0)
METHODS = ("gradient descent", "SGD, label noise")
LEAST_BEND = 0.01

Weights = tuple[Floats, Floats, Floats]


def forward(weights: Weights, x: Floats) -> tuple[Floats, Floats]:
    """Hidden values (repeats, points, units) and outputs (repeats, points) at x (repeats, points)."""
    inner, bias, outer = weights
    hidden = np.maximum(x[..., None] * inner[:, None] + bias[:, None], 0)
    return hidden, np.asarray((hidden @ outer[..., None])[..., 0] / np.sqrt(UNITS))


def step(weights: Weights, x: Floats, y: Floats) -> Weights:
    """One step of gradient descent on the mean of |f - y|^2 / 2 over the points (repeats, points) given."""
    inner, bias, outer = weights
    hidden, output = forward(weights, x)
    residual = (output - y) / (np.sqrt(UNITS) * x.shape[1])
    back = residual[..., None] * (hidden > 0) * outer[:, None]
    return (
        inner - RATE * (back * x[..., None]).sum(axis=1),
        bias - RATE * back.sum(axis=1),
        outer - RATE * (residual[..., None] * hidden).sum(axis=1),
    )


def bends(weights: Weights, lowest: Floats, highest: Floats) -> Floats:
    """Change of slope (repeats, CELLS) in every cell between two ends (repeats,)."""
    inner, bias, outer = weights
    with np.errstate(divide="ignore", invalid="ignore"):
        place = (-bias / inner - lowest[:, None]) / (highest - lowest)[:, None] * CELLS
    change = outer * np.abs(inner) / np.sqrt(UNITS)
    found = np.zeros((len(inner), CELLS))
    for repeat, (cells, sizes) in enumerate(zip(place, change, strict=True)):
        inside = (cells >= 0) & (cells < CELLS)
        np.add.at(found[repeat], cells[inside].astype(int), sizes[inside])
    return found


def knots(found: Floats) -> Floats:
    """How many of the cells (..., CELLS) are knots.

    >>> float(knots(np.array([0.0, 1.0, -0.02, 0.005])))
    2.0
    """
    sizes = np.abs(found)
    return np.asarray((sizes > LEAST_BEND * sizes.max(axis=-1, keepdims=True)).sum(axis=-1), float)


def problem(settings: Settings) -> tuple[Floats, Floats]:
    """Points, one in each sixth of [-1, 1], and labels, uniform between -1 and 1; both (repeats, POINTS)."""
    random = settings.random("knots", "points")
    shape = settings.repeats, POINTS
    x = (np.arange(POINTS) + random.uniform(0.2, 0.8, shape)) * 2 / POINTS - 1
    return x, random.uniform(-1, 1, shape)


def train(settings: Settings, start: float, noisy: bool, steps: int) -> tuple[Floats, Floats]:
    """Bends (repeats, CELLS) and mean squared error on the points (repeats,) after training."""
    x, y = problem(settings)
    drawn = settings.random("knots", "start", f"{start:g}").standard_normal(
        (3, settings.repeats, UNITS)
    )
    weights: Weights = (start * drawn[0], start * drawn[1], start * drawn[2])
    random, each = settings.random("knots", "order", f"{start:g}"), np.arange(settings.repeats)
    for _ in range(steps):
        if noisy:
            one = random.integers(POINTS, size=settings.repeats)
            signs = np.where(random.random(settings.repeats) < 0.5, 1.0, -1.0)
            labels = y[each, one] + LABEL_NOISE * signs
            weights = step(weights, x[each, one][:, None], labels[:, None])
        else:
            weights = step(weights, x, y)
    error = ((forward(weights, x)[1] - y) ** 2).mean(axis=1)
    return bends(weights, x[:, 0], x[:, -1]), error


def run(settings: Settings) -> Results:
    """Both methods from both starts, on the same points."""
    steps = settings.scaled(STEPS)
    trained = [
        [train(settings, start, noisy, steps) for start in STARTS] for noisy in (False, True)
    ]
    counts = np.array([[knots(found) for found, _ in row] for row in trained])
    errors = np.array([[error for _, error in row] for row in trained])
    names = [f"start {start:g}" for start in STARTS]
    rows = [
        measured(f"knots per point, {method}, {names[0]}", counts[place, 0] / POINTS, most=2.0)
        for place, method in enumerate(METHODS)
    ]
    rows += [
        measured(
            f"knots with label noise minus without, per point, {name}",
            (counts[1, place] - counts[0, place]) / POINTS,
            most=0.0,
        )
        for place, name in enumerate(names)
    ]
    rows += [
        measured(f"knots per point, {method}, {names[1]}", counts[place, 1] / POINTS)
        for place, method in enumerate(METHODS)
    ]
    rows += [
        measured(f"mean squared error, {method}, {name}", errors[i, j])
        for i, method in enumerate(METHODS)
        for j, name in enumerate(names)
    ]
    return Results(rows, {"knots": counts, "error": errors})


STUDY = Study(
    title="How many knots does a wide ReLU network put in?",
    statement="A wide ReLU network trained from small weights fits a few points with at most two knots a point, and label noise "
    "leaves fewer of them than gradient descent",
    source="Shevchenko et al., arXiv:2111.02278; Blanc et al., arXiv:1904.09080",
    caption="ReLU networks with one hidden layer of 100 units on six points in one dimension, from weights of two sizes, with 95 % "
    "intervals over points and starts. a: knots of the trained function (dotted: two a point). b: what is left of the error.",
    variables=(
        Variable("knots", "knots of the trained function", "1", ("method", "start", "repeat")),
        Variable("error", "mean squared error on the points", "1", ("method", "start", "repeat")),
    ),
    panels=(
        Panel(
            "knots",
            "knots",
            tuple(f"start {start:g}" for start in STARTS),
            lines=METHODS,
            level=2.0 * POINTS,
        ),
        Panel(
            "fit",
            "error",
            tuple(f"start {start:g}" for start in STARTS),
            lines=METHODS,
            label="mean squared error",
            log="y",
        ),
    ),
    run=run,
)

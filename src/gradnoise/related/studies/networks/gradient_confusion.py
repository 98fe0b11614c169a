"""Gradient confusion: how far the gradients of single samples contradict each other at initialisation.

tanh networks without biases, N(0, 1 / fan-in), on 40 unit-norm points in 20 dimensions with labels +-1 and squared
loss. Two gradients' product is the sum over layers of (errors' product) x (inputs' product), so that no gradient is
formed. Cosines are compared, since the products themselves grow with the network. BatchNorm's statistics are those
of all points, taken as constants when the gradient of one is formed.
"""

from itertools import pairwise
from typing import Literal

import numpy as np

from gradnoise.related.study import Floats, Panel, Results, Settings, Study, measured
from gradnoise.store.variables import Variable

Kind = Literal["plain", "skips", "BatchNorm"]

POINTS, DIMENSIONS = 40, 20
WIDTHS, DEPTHS = (20, 80, 320), (1, 2, 8, 16)
WIDTH, DEPTH = 80, 2  # at which the other one varies
KINDS: tuple[Kind, ...] = ("plain", "skips", "BatchNorm")


def gram(random: np.random.Generator, width: int, depth: int, kind: Kind) -> Floats:
    """Inner products (points, points) of all gradients of one random network with `depth` hidden layers."""
    inputs = random.standard_normal((POINTS, DIMENSIONS))
    inputs /= np.linalg.norm(inputs, axis=1, keepdims=True)
    labels = np.where(random.random(POINTS) < 0.5, -1.0, 1.0)
    sizes = [DIMENSIONS, *[width] * depth, 1]
    weights = [
        random.standard_normal((fan_out, fan_in)) / np.sqrt(fan_in)
        for fan_in, fan_out in pairwise(sizes)
    ]
    return products(inputs, labels, weights, kind)


def products(inputs: Floats, labels: Floats, weights: list[Floats], kind: Kind) -> Floats:
    """Inner products (points, points) of the gradients with respect to all weights.

    Args:
        inputs: (points, dimensions).
        labels: (points,).
        weights: (fan_out, fan_in) of every layer, the last with one output.
        kind: plain, with skips around every hidden layer but the first, or with BatchNorm before every tanh.
    """
    values, slopes, scales = [inputs], [], []
    for place, matrix in enumerate(weights[:-1]):
        reached = values[-1] @ matrix.T
        scale = np.ones(reached.shape[1])
        if kind == "BatchNorm":
            scale = 1 / (reached.std(axis=0) + 1e-12)
            reached = (reached - reached.mean(axis=0)) * scale
        hidden = np.tanh(reached)
        slopes.append(1 - hidden**2)
        scales.append(scale)
        values.append(hidden + values[-1] if kind == "skips" and place else hidden)
    residual = (values[-1] @ weights[-1].T)[:, 0] - labels
    found = np.outer(residual, residual) * (values[-1] @ values[-1].T)
    arriving = residual[:, None] * weights[-1]
    for place in range(len(weights) - 2, -1, -1):
        error = arriving * slopes[place] * scales[place]
        found += (error @ error.T) * (values[place] @ values[place].T)
        passed = error @ weights[place]
        arriving = passed + arriving if kind == "skips" and place else passed
    return np.asarray(found)


def cosines(inner: Floats) -> Floats:
    """Cosines (pairs,) of all different gradients."""
    norms = np.sqrt(np.diag(inner))
    return np.asarray((inner / np.outer(norms, norms))[np.triu_indices(len(inner), 1)])


def spread(settings: Settings, width: int, depth: int, kind: Kind) -> Floats:
    """Standard deviation and minimum of the cosines, (repeats, 2)."""
    found = []
    for repeat in range(settings.repeats):
        random = settings.random("gradient_confusion", kind, width, depth, repeat)
        pairs = cosines(gram(random, width, depth, kind))
        found.append((pairs.std(), pairs.min()))
    return np.array(found)


def slope(sizes: tuple[int, ...], spreads: Floats) -> Floats:
    """Slope (repeats,) of the spread (sizes, repeats) in the logarithm of the size."""
    return np.asarray(np.polynomial.polynomial.polyfit(np.log(sizes), spreads, 1)[1])


def run(settings: Settings) -> Results:
    """Against width and, for three kinds of networks, against depth."""
    wide = np.array([spread(settings, width, DEPTH, "plain") for width in WIDTHS])
    deep = np.array([[spread(settings, WIDTH, depth, kind) for depth in DEPTHS] for kind in KINDS])
    slopes = {kind: slope(DEPTHS, deep[i, :, :, 0]) for i, kind in enumerate(KINDS)}
    rows = [
        measured("slope of the cosines' spread in log width", slope(WIDTHS, wide[..., 0]), most=0),
        measured("slope in log depth", slopes["plain"], least=0),
    ]
    rows += [
        measured(
            f"slope in log depth with {kind}, minus without", slopes[kind] - slopes["plain"], most=0
        )
        for kind in KINDS[1:]
    ]
    rows += [
        measured(f"spread at width {width}, depth {DEPTH}", values[:, 0])
        for width, values in zip(WIDTHS, wide, strict=True)
    ]
    rows += [
        measured(f"spread at width {WIDTH}, {kind}, {depth} hidden layers", deep[i, j, :, 0])
        for i, kind in enumerate(KINDS)
        for j, depth in enumerate(DEPTHS)
    ]
    return Results(
        rows,
        {"width": WIDTHS, "depth": DEPTHS, "by_width": wide[..., 0], "by_depth": deep[..., 0]}
        | {"smallest": deep[..., 1]},
    )


STUDY = Study(
    title="When do single samples' gradients contradict each other?",
    statement="Gradients are confused less in wide networks and more in deep ones; BatchNorm and skip connections "
    "weaken what depth does",
    source="Sankararaman et al., arXiv:1904.06963",
    caption="Standard deviation, and smallest, of the cosines between single samples' gradients in random tanh networks, by width "
    "(depth 2) and by depth (width 80), with 95 % intervals over networks.",
    variables=(
        Variable("width", "width of the hidden layers", "units", ("width",)),
        Variable("depth", "hidden layers", "", ("depth",)),
        Variable(
            "by_width", "standard deviation of the gradients' cosines", "1", ("width", "repeat")
        ),
        Variable(
            "by_depth",
            "the same of plain networks, with skips, with BatchNorm",
            "1",
            ("kind", "depth", "repeat"),
        ),
        Variable("smallest", "smallest cosine of each network", "1", ("kind", "depth", "repeat")),
    ),
    panels=(
        Panel("against width", "by_width", "width", label="sd of cosines", log="x"),
        Panel("against depth", "by_depth", "depth", "", KINDS, label="sd of cosines", log="x"),
        Panel("the most opposed", "smallest", "depth", "", KINDS, label="smallest cosine", log="x"),
    ),
    run=run,
)

"""Gradient confusion: how far the gradients of single samples contradict each other at initialisation.

tanh networks without biases, N(0, 1 / fan-in), on 40 unit-norm points in 20 dimensions with labels +-1 and squared
loss, and on 40 images of ten classes with cross-entropy. Two gradients' product is the sum over layers of (errors' product) x (inputs' product), so that no gradient is
formed. Cosines are compared, since the products themselves grow with the network. BatchNorm's statistics are those
of all points, taken as constants when the gradient of one is formed.
"""

from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import softmax

from gradnoise.data.small_images import small_images
from gradnoise.related.study import Floats, Panel, Results, Row, Settings, Study, measured
from gradnoise.store.variables import Variable

Kind = Literal["plain", "skips", "BatchNorm"]
Data = Literal["points", "images"]

POINTS, DIMENSIONS = 40, 20
WIDTHS, DEPTHS = (20, 80, 320), (1, 2, 8, 16)
WIDTH, DEPTH = 80, 2  # at which the other one varies
SIDE, CLASSES = 7, 10  # pixels along an image's side
KINDS: tuple[Kind, ...] = ("plain", "skips", "BatchNorm")
DATA: tuple[Data, ...] = ("points", "images")


def drawn(random: np.random.Generator, data: Data) -> tuple[Floats, Floats]:
    """Inputs (points, dimensions) and targets (points, outputs): labels +-1, or ones where the class is."""
    if data == "images":
        inputs, classes = small_images(random, POINTS, SIDE)
        return inputs, np.eye(CLASSES)[classes]
    inputs = random.standard_normal((POINTS, DIMENSIONS))
    inputs /= np.linalg.norm(inputs, axis=1, keepdims=True)
    return inputs, np.where(random.random((POINTS, 1)) < 0.5, -1.0, 1.0)


def gram(
    random: np.random.Generator, width: int, depth: int, kind: Kind, data: Data = "points"
) -> Floats:
    """Inner products (points, points) of all gradients of one random network with `depth` hidden layers."""
    inputs, targets = drawn(random, data)
    sizes = [inputs.shape[1], *[width] * depth, targets.shape[1]]
    weights = [
        random.standard_normal((fan_out, fan_in)) / np.sqrt(fan_in)
        for fan_in, fan_out in pairwise(sizes)
    ]
    return products(inputs, targets, weights, kind)


def products(inputs: Floats, targets: Floats, weights: list[Floats], kind: Kind) -> Floats:
    """Inner products (points, points) of the gradients with respect to all weights.

    Args:
        inputs: (points, dimensions).
        targets: (points, outputs): of half the squared error with one output, of cross-entropy with several.
        weights: (fan_out, fan_in) of every layer.
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
    outputs = values[-1] @ weights[-1].T
    residual = (softmax(outputs, axis=1) if targets.shape[1] > 1 else outputs) - targets
    found = (residual @ residual.T) * (values[-1] @ values[-1].T)
    arriving = residual @ weights[-1]
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


def spread(settings: Settings, width: int, depth: int, kind: Kind, data: Data) -> Floats:
    """Standard deviation and minimum of the cosines, (repeats, 2)."""
    found = []
    for repeat in range(settings.repeats):
        random = settings.random("gradient_confusion", data, kind, width, depth, repeat)
        pairs = cosines(gram(random, width, depth, kind, data))
        found.append((pairs.std(), pairs.min()))
    return np.array(found)


def slope(sizes: tuple[int, ...], spreads: Floats) -> Floats:
    """Slope (repeats,) of the spread (sizes, repeats) in the logarithm of the size."""
    return np.asarray(np.polynomial.polynomial.polyfit(np.log(sizes), spreads, 1)[1])


def judged(data: Data, wide: Floats, deep: Floats) -> list[Row]:
    """Slopes that the statement speaks of, on points or on images.

    Args:
        data: whose they are.
        wide: spreads (widths, repeats).
        deep: spreads (kinds, depths, repeats).
    """
    about = ", images" if data == "images" else ""
    slopes = {kind: slope(DEPTHS, deep[i]) for i, kind in enumerate(KINDS)}
    rows = [
        measured(f"slope of the cosines' spread in log width{about}", slope(WIDTHS, wide), most=0),
        measured(f"slope in log depth{about}", slopes["plain"], least=0),
    ]
    rows += [
        measured(
            f"slope in log depth with {kind}, minus without{about}",
            slopes[kind] - slopes["plain"],
            most=0,
        )
        for kind in KINDS[1:]
    ]
    rows += [
        measured(f"spread at width {width}, depth {DEPTH}{about}", values)
        for width, values in zip(WIDTHS, wide, strict=True)
    ]
    rows += [
        measured(f"spread at width {WIDTH}, {kind}, {depth} hidden layers{about}", deep[i, j])
        for i, kind in enumerate(KINDS)
        for j, depth in enumerate(DEPTHS)
    ]
    return rows


def run(settings: Settings) -> Results:
    """Against width and, for three kinds of networks, against depth; on points and on images."""
    wide, deep = [], []
    for data in DATA:
        wide.append([spread(settings, width, DEPTH, "plain", data) for width in WIDTHS])
        deep.append(
            [[spread(settings, WIDTH, depth, kind, data) for depth in DEPTHS] for kind in KINDS]
        )
    by_width, by_depth = np.array(wide), np.array(deep)
    rows = [
        row
        for place, data in enumerate(DATA)
        for row in judged(data, by_width[place, ..., 0], by_depth[place, ..., 0])
    ]
    arrays: dict[str, ArrayLike] = {"width": WIDTHS, "depth": DEPTHS, "by_width": by_width[..., 0]}
    named = zip(DATA, by_depth[..., 0], by_depth[..., 1], strict=True)
    for data, deviations, smallest in named:
        arrays |= {f"by_depth_{data}": deviations, f"smallest_{data}": smallest}
    return Results(rows, arrays)


STUDY = Study(
    title="When do single samples' gradients contradict each other?",
    statement="Gradients are confused less in wide networks and more in deep ones; BatchNorm and skip connections "
    "weaken what depth does",
    source="Sankararaman et al., arXiv:1904.06963",
    caption="Standard deviation, and smallest, of the cosines between single samples' gradients in random tanh networks, by width "
    "(depth 2) and by depth (width 80), on random points with random labels and on images of ten classes, with 95 % intervals over "
    "networks.",
    variables=(
        Variable("width", "width of the hidden layers", "units", ("width",)),
        Variable("depth", "hidden layers", "", ("depth",)),
        Variable(
            "by_width",
            "standard deviation of the gradients' cosines, on points and on images",
            "1",
            ("data", "width", "repeat"),
        ),
        *(
            Variable(f"{name}_{data}", f"{words}, on {data}", "1", ("kind", "depth", "repeat"))
            for data in DATA
            for name, words in (
                ("by_depth", "standard deviation for plain networks, with skips, with BatchNorm"),
                ("smallest", "smallest cosine of each network"),
            )
        ),
    ),
    panels=(
        Panel("against width", "by_width", "width", "", DATA, label="sd of cosines", log="x"),
        Panel(
            "depth, points", "by_depth_points", "depth", "", KINDS, label="sd of cosines", log="x"
        ),
        Panel(
            "depth, images", "by_depth_images", "depth", "", KINDS, label="sd of cosines", log="x"
        ),
        Panel(
            "the most opposed, images",
            "smallest_images",
            "depth",
            "",
            KINDS,
            label="smallest cosine",
            log="x",
        ),
    ),
    run=run,
)

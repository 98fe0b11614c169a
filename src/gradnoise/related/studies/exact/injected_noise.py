"""Gaussian noise injected into an activation reaches the gradient as g = e (r + w e), e ~ N(0, 1): skewed and heavy.

Variance V = r^2 + 2 w^2, skewness (6 r^2 w + 8 w^3) / V^1.5, excess kurtosis 48 w^2 (r^2 + w^2) / V^2. Where the
force is not linear, such noise displaces the mean: with U' = h x + k x^3 the stationary E U' = 0 gives
E x = -k E x^3 / h, against the third moment of x, thus to the side to which the gradient is skewed.
"""

import numpy as np

from gradnoise.related.study import Floats, Panel, Results, Settings, Study, agreement, measured
from gradnoise.store.variables import Variable

RESIDUAL, WEIGHT = 1.0, 0.5
DEPTHS = (1, 2, 3)
DRAWS = 400_000
RATE, CURVATURE, CUBIC = 0.1, 1.0, 1.0
REPLICAS, STEPS, FORGOTTEN = 300, 400, 60


def moments(residual: float, weight: float) -> tuple[float, float, float]:
    """Variance, skewness and excess kurtosis of g = e (r + w e).

    >>> [round(value, 4) for value in moments(1.0, 0.5)]
    [1.5, 2.1773, 6.6667]
    """
    variance = residual**2 + 2 * weight**2
    skewness = (6 * residual**2 * weight + 8 * weight**3) / variance**1.5
    return variance, skewness, 48 * weight**2 * (residual**2 + weight**2) / variance**2


def third_cumulant(residual: float, weight: float, rate: float, curvature: float) -> float:
    """Of x under x' = x - eta (h x + g - E g)."""
    variance, skewness, _ = moments(residual, weight)
    return -(rate**3) * skewness * variance**1.5 / (1 - (1 - rate * curvature) ** 3)


def injected(random: np.random.Generator, shape: tuple[int, ...], weight: float) -> Floats:
    """Gradients g without their mean w."""
    noise = random.standard_normal(shape)
    return noise * (RESIDUAL + weight * noise) - weight


def stationary_mean(settings: Settings, weight: float) -> Floats:
    """Mean position (repeats,) in U' = h x + k x^3."""
    random = settings.random("injected_noise", "drift", f"{weight:g}")
    shape = settings.repeats, settings.scaled(REPLICAS)
    position, total = np.zeros(shape), np.zeros(shape[0])
    for step in range(FORGOTTEN + STEPS):
        force = CURVATURE * position + CUBIC * position**3
        position = position - RATE * (force + injected(random, shape, weight))
        if step >= FORGOTTEN:
            total += position.mean(axis=1)
    return total / STEPS


def run(settings: Settings) -> Results:
    """Moments of the injected gradient, of products of several, and the drift of the mean on both sides."""
    from scipy.stats import kurtosis, skew

    _, skewness, excess = moments(RESIDUAL, WEIGHT)
    draws = settings.scaled(DRAWS, least=100)
    found = np.empty((settings.repeats, 2))
    deep = np.empty((settings.repeats, len(DEPTHS)))
    for repeat in range(settings.repeats):
        random = settings.random("injected_noise", "moments", repeat)
        values = injected(random, (max(DEPTHS), draws), WEIGHT)
        found[repeat] = skew(values[0]), kurtosis(values[0])
        products = np.cumprod(values, axis=0)
        deep[repeat] = [
            np.mean(np.abs(products[d - 1]) > 5 * products[d - 1].std()) for d in DEPTHS
        ]
    drift = np.array([stationary_mean(settings, weight) for weight in (WEIGHT, -WEIGHT)])
    rows = [
        agreement("skewness", found[:, 0], skewness),
        agreement("excess kurtosis", found[:, 1], excess),
        measured(f"drift of the mean, w = {WEIGHT:g}", drift[0], least=0.0),
        measured(f"drift of the mean, w = {-WEIGHT:g}", drift[1], most=0.0),
    ]
    rows += [
        measured(f"share beyond five deviations, product of {depth}", deep[:, place])
        for place, depth in enumerate(DEPTHS)
    ]
    return Results(
        rows,
        {
            "moments": found,
            "predicted_moments": [skewness, excess],
            "depth": DEPTHS,
            "beyond": deep,
            "drift": drift,
        },
    )


STUDY = Study(
    title="Are injected Gaussian noises Gaussian in the gradient?",
    statement="Gaussian noise in an activation is skewed and heavy in the gradient, by its formulas, and displaces the "
    "mean to the side of the skewness",
    source="Camuto et al., arXiv:2102.07006",
    caption="Gradients g = e (r + w e), e Gaussian. a: their skewness and excess kurtosis (points, 95 % intervals over "
    "repeats) and the formulas (dashes). b: share of products of several such gradients beyond five standard deviations. "
    "c: mean position of SGD in a potential with a cubic force under such noise.",
    variables=(
        Variable("moments", "skewness and excess kurtosis", "1", ("repeat", "moment")),
        Variable("predicted_moments", "their formulas", "1", ("moment",)),
        Variable("depth", "factors of the product", "1", ("depth",)),
        Variable("beyond", "share of products beyond five deviations", "1", ("repeat", "depth")),
        Variable("drift", "stationary mean for w and -w", "parameter", ("sign", "repeat")),
    ),
    panels=(
        Panel(
            "moments of the gradient",
            "moments",
            ("skewness", "excess kurtosis"),
            "predicted_moments",
            label="moment",
        ),
        Panel(
            "heavier with depth",
            "beyond",
            "depth",
            label="share beyond five deviations",
            log="y",
        ),
        Panel(
            "the mean drifts",
            "drift",
            (f"w = {WEIGHT:g}", f"w = {-WEIGHT:g}".replace("-", "−")),
            level=0.0,
            label="stationary mean (parameter)",
        ),
    ),
    run=run,
)

"""Implicit SGD: the gradient is taken where the step ends, and no rate is too large.

On the quadratic h x^2 / 2 with noise of variance c, x' = x - eta (h x' + xi), that is x' = (x - eta xi) / (1 + eta h):
its variance is eta c / (h (2 + eta h)), beside eta c / (h (2 - eta h)) of explicit SGD, which ends at eta = 2 / h.
"""

import numpy as np
from numpy.typing import ArrayLike

from gradnoise.related.ensembles import stationary_variance
from gradnoise.related.study import Floats, Results, Settings, Study, agreement, measured
from gradnoise.store.variables import Variable

RATES = (0.5, 1.5, 5.0)
CURVATURE, NOISE = 1.0, 1.0
REPLICAS, STEPS, FORGOTTEN = 200, 400, 40


def implicit_variance(rate: float, curvature: float = 1.0, noise: float = 1.0) -> float:
    """Stationary variance of implicit SGD, for every rate.

    >>> implicit_variance(0.5), round(implicit_variance(5.0), 4)
    (0.2, 0.7143)
    """
    return rate * noise / (curvature * (2 + rate * curvature))


def explicit_variance(rate: float, curvature: float = 1.0, noise: float = 1.0) -> float:
    """Stationary variance of SGD, infinite from the rate 2 / h on."""
    stable = rate * curvature < 2
    return rate * noise / (curvature * (2 - rate * curvature)) if stable else np.inf


def simulate(settings: Settings, rate: float, implicit: bool) -> Floats:
    """Stationary variance (repeats,) of either method."""
    random = settings.random("implicit_sgd", f"{rate:g}", int(implicit))
    shape = settings.repeats, settings.scaled(REPLICAS)

    def advance(position: Floats) -> Floats:
        noise = np.sqrt(NOISE) * random.standard_normal(shape)
        if implicit:
            return np.asarray((position - rate * noise) / (1 + rate * CURVATURE))
        return np.asarray(position - rate * (CURVATURE * position + noise))

    return stationary_variance(advance, np.zeros(shape), FORGOTTEN, STEPS)


def growth(rate: float, steps: int) -> float:
    """|x| after some steps of explicit SGD from 1, without noise."""
    return abs(1 - rate * CURVATURE) ** steps


def run(settings: Settings) -> Results:
    """Implicit SGD at every rate, explicit SGD where it is stable."""
    implicit = np.array([simulate(settings, rate, implicit=True) for rate in RATES])
    stable = [rate for rate in RATES if rate * CURVATURE < 2]
    explicit = np.array([simulate(settings, rate, implicit=False) for rate in stable])
    predicted = np.array([implicit_variance(rate, CURVATURE, NOISE) for rate in RATES])
    rows = [
        agreement(f"variance of implicit SGD at rate {rate:g}", values, expected)
        for rate, values, expected in zip(RATES, implicit, predicted, strict=True)
    ]
    rows += [
        agreement(f"variance of explicit SGD at rate {rate:g}", values, explicit_variance(rate))
        for rate, values in zip(stable, explicit, strict=True)
    ]
    rows += [
        measured(f"explicit SGD at rate {rate:g}: |x| after 40 steps", growth(rate, 40), least=1e6)
        for rate in RATES
        if rate not in stable
    ]
    arrays: dict[str, ArrayLike] = {
        "rate": RATES,
        "implicit_variance": implicit,
        "implicit_predicted": predicted,
        "stable_rate": stable,
        "explicit_variance": explicit,
    }
    return Results(rows, arrays)


STUDY = Study(
    title="Is implicit SGD stable at every learning rate?",
    statement="Implicit SGD has the stationary variance eta c / (h (2 + eta h)), beyond the rate 2 / h as well",
    source="Toulis and Airoldi, arXiv:1408.2923",
    variables=(
        Variable("rate", "learning rate", "1", ("rate",)),
        Variable(
            "implicit_variance", "variance of implicit SGD", "parameter^2", ("rate", "repeat")
        ),
        Variable("implicit_predicted", "its closed form", "parameter^2", ("rate",)),
        Variable("stable_rate", "rates at which explicit SGD is stable", "1", ("stable",)),
        Variable(
            "explicit_variance", "variance of explicit SGD", "parameter^2", ("stable", "repeat")
        ),
    ),
    run=run,
)

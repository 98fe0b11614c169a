"""Implicit SGD: the gradient is taken where the step ends, and no rate is too large.

On the quadratic h x^2 / 2 with noise of variance c, x' = x - eta (h x' + xi), that is x' = (x - eta xi) / (1 + eta h):
its variance is eta c / (h (2 + eta h)), beside eta c / (h (2 - eta h)) of explicit SGD, which ends at eta = 2 / h.
Of small networks on images the step is solved by Newton's method with conjugate gradients.
"""

import numpy as np
from numpy.typing import ArrayLike

from gradnoise.related.ensembles import stationary_variance
from gradnoise.related.study import (
    MARGIN,
    Floats,
    Panel,
    Results,
    Row,
    Settings,
    Study,
    agreement,
    measured,
)
from gradnoise.store.variables import Variable

RATES = (0.5, 1.0, 1.5, 3.0, 5.0)
CURVATURE, NOISE = 1.0, 1.0
REPLICAS, STEPS, FORGOTTEN = 200, 400, 40
NETWORK_RATES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
LARGE = 1.0  # rate of a network from which on explicit SGD is said to diverge
SHOWN = 1.0  # largest log10 of a network's loss over its start that is drawn


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


def of_networks(settings: Settings) -> tuple[list[Row], dict[str, ArrayLike]]:
    """Losses of networks late in training over those at their start."""
    # Here, since only this study's job pays for the import of torch.
    from gradnoise.related.implicit_networks import descend

    found = descend(settings, NETWORK_RATES)
    logs = np.log10(found.late / found.start)
    rows = [
        measured(
            "networks: loss of implicit SGD over explicit SGD's at the smallest rate",
            found.late[0, 0] / found.late[1, 0],
            1.0,
            1 - MARGIN,
            1 + MARGIN,
        )
    ]
    for rate, implicit, explicit, left in zip(NETWORK_RATES, *logs, found.residual, strict=True):
        name = f"networks: log10 of implicit SGD's loss over its start at rate {rate:g}"
        rows.append(measured(name, implicit, most=0.0))
        name = (
            f"networks: log10 of explicit SGD's loss over its start, at most 10, at rate {rate:g}"
        )
        least = 0.0 if rate >= LARGE else -np.inf
        rows.append(measured(name, np.minimum(explicit, 10), least=least))
        name = f"networks: log10 of the implicit equation's residual over the step at rate {rate:g}"
        rows.append(measured(name, left))
    return rows, {"network_rate": NETWORK_RATES, "network_loss": np.minimum(logs, SHOWN)}


def run(settings: Settings) -> Results:
    """Implicit SGD at every rate, explicit SGD where it is stable."""
    implicit = np.array([simulate(settings, rate, implicit=True) for rate in RATES])
    stable = [rate for rate in RATES if rate * CURVATURE < 2]
    explicit = np.full_like(implicit, np.nan)
    for place, rate in enumerate(RATES):
        if rate in stable:
            explicit[place] = simulate(settings, rate, implicit=False)
    predicted = np.array([implicit_variance(rate, CURVATURE, NOISE) for rate in RATES])
    bounds = np.array([explicit_variance(rate, CURVATURE, NOISE) for rate in RATES])
    rows = [
        agreement(f"variance of implicit SGD at rate {rate:g}", values, expected)
        for rate, values, expected in zip(RATES, implicit, predicted, strict=True)
    ]
    rows += [
        agreement(f"variance of explicit SGD at rate {rate:g}", values, explicit_variance(rate))
        for rate, values in zip(RATES, explicit, strict=True)
        if rate in stable
    ]
    rows += [
        measured(f"explicit SGD at rate {rate:g}: |x| after 40 steps", growth(rate, 40), least=1e6)
        for rate in RATES
        if rate not in stable
    ]
    more, of_net = of_networks(settings)
    rows += more
    arrays: dict[str, ArrayLike] = {
        **of_net,
        "rate": RATES,
        "variance": np.array([implicit, explicit]),
        "predicted": np.array([predicted, bounds]),
    }
    return Results(rows, arrays)


STUDY = Study(
    title="Is implicit SGD stable at every learning rate?",
    statement="Implicit SGD has the stationary variance eta c / (h (2 + eta h)), beyond the rate 2 / h as well, and trains "
    "networks at rates at which explicit SGD diverges",
    source="Toulis and Airoldi, arXiv:1408.2923",
    caption="a: stationary variance of implicit and explicit SGD on a quadratic with h = c = 1 (points, 95 % intervals over "
    "repeats) and closed forms (lines). Explicit SGD has none from the rate 2 on. b: loss of networks on images late in training over "
    "that at their start, logarithm; tenfold and more is drawn at 1, and what is above the dotted line has grown.",
    variables=(
        Variable("rate", "learning rate", "1", ("rate",)),
        Variable(
            "variance",
            "stationary variance of implicit and of explicit SGD, missing where that is unstable",
            "parameter^2",
            ("method", "rate", "repeat"),
        ),
        Variable(
            "predicted",
            "its closed form, infinite where it is unstable",
            "parameter^2",
            ("method", "rate"),
        ),
        Variable("network_rate", "learning rate", "1", ("network_rate",)),
        Variable(
            "network_loss",
            "log10 of a network's late loss over that at its start, at most 1: implicit and explicit SGD",
            "1",
            ("method", "network_rate", "repeat"),
        ),
    ),
    panels=(
        Panel(
            "stationary variance",
            "variance",
            "rate",
            "predicted",
            ("implicit", "explicit"),
            label="stationary variance (parameter²)",
        ),
        Panel(
            "networks",
            "network_loss",
            "network_rate",
            lines=("implicit", "explicit"),
            level=0.0,
            label="log₁₀ (loss / start)",
            log="x",
        ),
    ),
    run=run,
)

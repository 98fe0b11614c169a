"""Generalised signSGD on f(x) = cosh(x) - 1, whose curvature grows with its gradient.

Gradient descent with one rate diverges from afar; signs move by eta a step, so that they arrive after |x0| / eta
steps and stay in a band (momentum remembers the steep start and overshoots). Under noise whose median is not its mean,
signs of single gradients settle where the median is 0, sinh x = -median; signs of their running mean (momentum) do not.
Under symmetric noise momentum does not help: it lets x go farther before it turns.
"""

import numpy as np

from gradnoise.related.study import Floats, Panel, Results, Settings, Study, agreement, measured
from gradnoise.store.variables import Variable

STARTS = (2.0, 5.0, 10.0)
RATES = (0.01, 0.03)
MOMENTUM, FAR = 0.9, 1e6
NOISY_RATE, RARE = 0.01, 0.2
REPLICAS, STEPS, FORGOTTEN = 50, 1500, 700


def descend(start: float, rate: float, steps: int) -> Floats:
    """|x| (steps + 1,) under gradient descent with one rate; it stays where it is once beyond a million."""
    position, found = start, [abs(start)]
    for _ in range(steps):
        if abs(position) < FAR:
            position -= rate * float(np.sinh(position))
        found.append(abs(position))
    return np.array(found)


def arrival(start: float, rate: float, momentum: float) -> tuple[int, float]:
    """Steps of signSGD until |x| <= 2 eta for the first time, and the largest |x| / eta in the 200 steps after."""
    position, mean, steps = start, 0.0, 0
    while abs(position) > 2 * rate:
        mean = momentum * mean + (1 - momentum) * np.sinh(position)
        position, steps = position - rate * np.sign(mean), steps + 1
    farthest = 0.0
    for _ in range(200):
        mean = momentum * mean + (1 - momentum) * np.sinh(position)
        position -= rate * np.sign(mean)
        farthest = max(farthest, abs(position))
    return steps, farthest / rate


def skewed(random: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    """Noise of mean 0 and variance 1 that is rarely large and positive, else small and negative."""
    rare = random.random(shape) < RARE
    return np.where(rare, np.sqrt((1 - RARE) / RARE), -np.sqrt(RARE / (1 - RARE)))


def final_distance(settings: Settings, momentum: float, law: str) -> Floats:
    """Root mean square of x (repeats,) late in signSGD from x = 2, under noise in the gradient."""
    random = settings.random("generalised_sign_sgd", law, f"{momentum:g}")
    shape = settings.repeats, settings.scaled(REPLICAS)
    position, mean, total = np.full(shape, 2.0), np.zeros(shape), np.zeros(shape[0])
    for step in range(FORGOTTEN + STEPS):
        noise = skewed(random, shape) if law == "skewed" else random.standard_normal(shape)
        mean = momentum * mean + (1 - momentum) * (np.sinh(position) + noise)
        position = position - NOISY_RATE * np.sign(mean)
        if step >= FORGOTTEN:
            total += np.mean(position**2, axis=1)
    return np.sqrt(total / STEPS)


def run(settings: Settings) -> Results:
    """Arrival without noise (nothing random), then the final distance under noise of two laws."""
    steps = np.array([[arrival(start, rate, 0.0)[0] for rate in RATES] for start in STARTS])
    bands = np.array([[arrival(start, rate, 0.0)[1] for rate in RATES] for start in STARTS])
    rows = [
        agreement(f"steps from {start:g} at rate {rate:g}", steps[i, j], start / rate)
        for i, start in enumerate(STARTS)
        for j, rate in enumerate(RATES)
    ]
    rows.append(measured("largest |x| / eta after arrival", bands.max(), most=2.0))
    overshot = max(arrival(start, RATES[0], MOMENTUM)[1] for start in STARTS)
    rows.append(
        measured(
            f"largest |x| / eta after arrival, momentum {MOMENTUM:g}, rate {RATES[0]:g}", overshot
        )
    )
    far = [descend(STARTS[-1], rate, 50)[-1] for rate in RATES]
    rows += [
        measured(f"gradient descent from {STARTS[-1]:g} at rate {rate:g}: |x|", value, least=FAR)
        for rate, value in zip(RATES, far, strict=True)
    ]
    distances = np.array(
        [
            [final_distance(settings, momentum, law) for momentum in (0.0, MOMENTUM)]
            for law in ("skewed", "Gaussian")
        ]
    )
    settled = float(np.arcsinh(np.sqrt(RARE / (1 - RARE))))
    rows.append(agreement("distance without momentum, skewed noise", distances[0, 0], settled))
    ratios = distances[:, 1] / distances[:, 0]
    rows.append(
        measured("final distance with momentum over without, skewed noise", ratios[0], most=1.0)
    )
    rows.append(
        measured("final distance with momentum over without, Gaussian noise", ratios[1], most=1.0)
    )
    return Results(
        rows,
        {
            "start": STARTS,
            "rate": RATES,
            "steps": steps,
            "expected_steps": np.divide.outer(STARTS, RATES),
            "final_distance": distances.swapaxes(0, 1),
        },
    )


STUDY = Study(
    title="Does signSGD arrive where gradient descent diverges?",
    statement="Generalised signSGD arrives after |x0| / eta steps where gradient descent at the same rate diverges, and momentum "
    "brings it closer under noise",
    source="Crawshaw et al., arXiv:2208.11195; Karimireddy et al., arXiv:1901.09847",
    caption="f(x) = cosh x - 1. a: steps of signSGD until it is within two rates of the minimum (points), and the "
    "distance over the rate (lines). b: root mean square distance late in training with noise in the gradient, 95 % "
    "intervals over repeats.",
    variables=(
        Variable("start", "distance at the start", "parameter", ("start",)),
        Variable("rate", "learning rate", "parameter", ("rate",)),
        Variable("steps", "until within two rates of the minimum", "steps", ("start", "rate")),
        Variable("expected_steps", "distance over rate", "steps", ("start", "rate")),
        Variable(
            "final_distance",
            "root mean square distance without and with momentum, under skewed and Gaussian noise",
            "parameter",
            ("momentum", "noise", "repeat"),
        ),
    ),
    panels=(
        Panel(
            "arrival",
            "steps",
            "start",
            "expected_steps",
            tuple(f"rate {rate:g}" for rate in RATES),
            label="steps until arrival",
            log="xy",
        ),
        Panel(
            "under noise",
            "final_distance",
            ("skewed", "Gaussian"),
            lines=("no momentum", f"momentum {MOMENTUM:g}"),
            label="final distance (parameter)",
        ),
    ),
    run=run,
)

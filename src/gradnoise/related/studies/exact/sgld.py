"""Stochastic gradient Langevin dynamics, mini-batches drawn with and without replacement.

x' = x - eta (h x + gB) + sqrt(2 eta T) z on a quadratic. Both noises add up: the thermal part has the variance
2 T / (h (2 - eta h)); the mini-batches' is that of SGD, eta c / (h (2 - eta h)) with replacement and far less
without, where the noise of an epoch adds up to zero.
"""

import numpy as np

from gradnoise.langevin.theory.without_replacement import without_replacement_variance
from gradnoise.related.study import Floats, Panel, Results, Settings, Study, agreement, measured
from gradnoise.store.variables import Variable

SAMPLES, BATCH = 32, 4
CURVATURE, TEMPERATURE = 1.0, 0.01
RATES = (0.1, 0.2, 0.5)
SCHEMES = ("with", "without")
REPLICAS, EPOCHS, FORGOTTEN = 100, 60, 15


def predicted_variance(rate: float, scheme: str, sample_variance: float) -> float:
    """Stationary variance, without replacement as the mean over an epoch's steps.

    Args:
        rate: eta.
        scheme: "with" or "without" replacement.
        sample_variance: of the samples' gradients, divided by their number.
    """
    thermal = 2 * TEMPERATURE / (CURVATURE * (2 - rate * CURVATURE))
    if scheme == "without":
        batches = without_replacement_variance(SAMPLES, BATCH, CURVATURE, rate, sample_variance)
        return thermal + batches.epoch_average
    return thermal + rate * sample_variance / BATCH / (CURVATURE * (2 - rate * CURVATURE))


def samples(settings: Settings) -> Floats:
    """Gradients (samples,) at the minimum: their mean is 0 and their variance 1."""
    values = settings.random("sgld", "samples").exponential(size=SAMPLES)
    return np.asarray((values - values.mean()) / values.std())


def simulate(settings: Settings, rate: float, scheme: str) -> Floats:
    """Stationary variance (repeats,)."""
    random, gradients = settings.random("sgld", f"{rate:g}", scheme), samples(settings)
    shape = settings.repeats, settings.scaled(REPLICAS, least=2)
    steps = SAMPLES // BATCH
    position, total = np.zeros(shape), np.zeros(shape[0])
    for epoch in range(FORGOTTEN + EPOCHS):
        if scheme == "without":
            order = np.broadcast_to(np.arange(SAMPLES), (*shape, SAMPLES))
            order = random.permuted(order, axis=-1)
        else:
            order = random.integers(SAMPLES, size=(*shape, SAMPLES))
        batches = gradients[order].reshape(*shape, steps, BATCH).mean(axis=-1)
        heat = np.sqrt(2 * rate * TEMPERATURE) * random.standard_normal((*shape, steps))
        for step in range(steps):
            position = position - rate * (CURVATURE * position + batches[..., step])
            position += heat[..., step]
            if epoch >= FORGOTTEN:
                total += np.mean(position**2, axis=1)
    return total / (EPOCHS * steps)


def run(settings: Settings) -> Results:
    """Both schemes at every rate; the mean loss above T / 2 is what mini-batches and finite steps add."""
    found = np.array([[simulate(settings, rate, scheme) for rate in RATES] for scheme in SCHEMES])
    predicted = np.array(
        [[predicted_variance(rate, scheme, 1.0) for rate in RATES] for scheme in SCHEMES]
    )
    rows = []
    for i, scheme in enumerate(SCHEMES):
        for j, rate in enumerate(RATES):
            name = f"{scheme} replacement at rate {rate:g}"
            rows.append(agreement(f"variance {name}", found[i, j], predicted[i, j]))
    for i, scheme in enumerate(SCHEMES):
        for j, rate in enumerate(RATES):
            excess = (CURVATURE * found[i, j] - TEMPERATURE) / 2
            expected = (CURVATURE * predicted[i, j] - TEMPERATURE) / 2
            rows.append(
                measured(
                    f"mean loss above T / 2, {scheme} replacement at rate {rate:g}",
                    excess,
                    expected,
                )
            )
    return Results(rows, {"rate": RATES, "variance": found, "predicted": predicted})


STUDY = Study(
    title="What do mini-batches do to Langevin dynamics?",
    statement="SGLD has the stationary variance of its closed form, with replacement and without",
    source="Welling and Teh (ICML 2011); Shamir (NIPS 2016)",
    caption="Stationary variance of SGLD on a quadratic with mini-batches drawn with and without replacement (points, 95 % "
    "intervals over repeats) and closed forms (lines).",
    variables=(
        Variable("rate", "learning rate", "1", ("rate",)),
        Variable(
            "variance",
            "stationary variance, with and without replacement",
            "parameter^2",
            ("scheme", "rate", "repeat"),
        ),
        Variable("predicted", "its closed form", "parameter^2", ("scheme", "rate")),
    ),
    panels=(
        Panel(
            "stationary variance",
            "variance",
            "rate",
            "predicted",
            ("with replacement", "without replacement"),
            label="stationary variance (parameter²)",
            log="x",
        ),
    ),
    run=run,
)

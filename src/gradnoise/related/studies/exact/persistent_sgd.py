"""Persistent SGD: each sample stays in the batch for about tau steps, so that the noise has a memory.

A sample out of the batch enters it with probability b / ((1 - b) tau) a step, one in it leaves with 1 / tau: a share b
is in it, and membership is correlated by rho = 1 - 1 / ((1 - b) tau) from step to step. With the gradient
h x + sum of the batch's g_i / (b N) the noise has the variance c = (1 - b) / (b N) mean g_i^2 and

    Var x = eta^2 c (1 + a rho) / ((1 - a^2) (1 - a rho)),  a = 1 - eta h.

The effective temperature is the correlation over the response to a constant force. Decision boundaries of networks: see
`boundaries`.
"""

import numpy as np

from gradnoise.related.boundaries import widths
from gradnoise.related.study import Floats, Panel, Results, Settings, Study, agreement, measured
from gradnoise.store.variables import Variable

SAMPLES, SHARE = 32, 0.25
RATE, CURVATURE, FORCE = 0.1, 1.0, 1.0
CORRELATIONS = (0.5, 0.8, 0.9)
STAYS = (
    1 / (1 - SHARE),
    10 / (1 - SHARE),
    30 / (1 - SHARE),
)  # in a network's batch, the first without memory
REPLICAS, STEPS, FORGOTTEN = 150, 600, 150


def persistent_variance(rate: float, curvature: float, noise: float, correlation: float) -> float:
    """Stationary variance under noise of variance `noise` that is correlated by `correlation` per step.

    >>> [round(persistent_variance(0.1, 1.0, 1.0, rho), 6) for rho in (0.5, 0.9)]
    [0.138756, 0.501385]
    """
    shrink = 1 - rate * curvature
    grown = (1 + shrink * correlation) / ((1 - shrink**2) * (1 - shrink * correlation))
    return rate**2 * noise * grown


def persistence(correlation: float) -> float:
    """Steps tau that a sample stays in the batch, for a correlation from step to step."""
    return 1 / ((1 - SHARE) * (1 - correlation))


def samples(settings: Settings) -> Floats:
    """Gradients (samples,) at the minimum; their mean is 0."""
    values = settings.random("persistent_sgd", "samples").exponential(size=SAMPLES)
    return np.asarray(values - values.mean())


def noise_variance(gradients: Floats) -> float:
    """Variance c of the mini-batch gradient."""
    return (1 - SHARE) / (SHARE * gradients.size) * float(np.mean(gradients**2))


def simulate(settings: Settings, correlation: float) -> tuple[Floats, Floats]:
    """Stationary variance (repeats,), and mean displacement under a constant force, by the same noise."""
    random, gradients = settings.random("persistent_sgd", f"{correlation:g}"), samples(settings)
    tau = persistence(correlation)
    enter, leave = SHARE / ((1 - SHARE) * tau), 1 / tau
    shape = settings.repeats, settings.scaled(REPLICAS, least=2)
    inside = random.random((*shape, SAMPLES)) < SHARE
    free, pushed = np.zeros(shape), np.zeros(shape)
    squares, shift = np.zeros(shape[0]), np.zeros(shape[0])
    for step in range(FORGOTTEN + STEPS):
        noise = inside @ gradients / (SHARE * SAMPLES)
        free = free - RATE * (CURVATURE * free + noise)
        pushed = pushed - RATE * (CURVATURE * pushed + noise - FORCE)
        if step >= FORGOTTEN:
            squares += np.mean(free**2, axis=1)
            shift += np.mean(pushed - free, axis=1)
        chance = random.random(inside.shape, np.float32)
        inside = np.where(inside, chance >= leave, chance < enter)
    return squares / STEPS, shift / STEPS


def run(settings: Settings) -> Results:
    """Variance and effective temperature at every persistence."""
    noise = noise_variance(samples(settings))
    pairs = [simulate(settings, correlation) for correlation in CORRELATIONS]
    variance = np.array([first for first, _ in pairs])
    temperature = np.array([first / (second / FORCE) for first, second in pairs])
    predicted = np.array(
        [persistent_variance(RATE, CURVATURE, noise, correlation) for correlation in CORRELATIONS]
    )
    taus = np.array([persistence(correlation) for correlation in CORRELATIONS])
    rows = [
        agreement(f"variance at persistence {tau:.1f} steps", values, expected)
        for tau, values, expected in zip(taus, variance, predicted, strict=True)
    ]
    rows.append(
        measured(
            f"effective temperature at {taus[-1]:.1f} steps over that at {taus[0]:.1f}",
            temperature[-1] / temperature[0],
            predicted[-1] / predicted[0],
            least=1.0,
        )
    )
    trained = [widths(settings, SHARE, stay) for stay in STAYS]
    width = np.array([each for each, _ in trained])
    rows += [
        measured(
            f"log ratio of a network's boundary width at persistence {stay:.1f} to plain SGD's",
            np.log(values / width[0]),
            least=0.0,
        )
        for stay, values in zip(STAYS[1:], width[1:], strict=True)
    ]
    rows += [
        measured(f"steps until a network at persistence {stay:.1f} has no loss left", taken)
        for stay, (_, taken) in zip(STAYS, trained, strict=True)
    ]
    return Results(
        rows,
        {
            "persistence": taus,
            "variance": variance,
            "temperature": temperature,
            "predicted": predicted,
            "stay": STAYS,
            "wider": np.log(width / width[0]),
        },
    )


STUDY = Study(
    title="What does it do to SGD that samples stay in the batch?",
    statement="The longer samples stay in the batch, the hotter SGD is, by its closed form, and the wider a network's decision "
    "boundary",
    source="Mignacco and Urbani, arXiv:2112.10852",
    caption="SGD whose samples stay in the batch for a while, with 95 % intervals over repeats. a: stationary variance on a "
    "quadratic (points) and its closed form (line). b: its effective temperature. c: median distance of images from the decision "
    "boundary of a network that was trained until none had a loss, over that of plain SGD on the same images, logarithm.",
    variables=(
        Variable("persistence", "persistence", "steps", ("time",)),
        Variable("variance", "stationary variance", "parameter^2", ("time", "repeat")),
        Variable("temperature", "correlation over response", "loss", ("time", "repeat")),
        Variable("predicted", "closed form of the variance", "parameter^2", ("time",)),
        Variable("stay", "persistence", "steps", ("memory",)),
        Variable(
            "wider",
            "log ratio of the distance of samples from a network's decision boundary to plain SGD's",
            "1",
            ("memory", "repeat"),
        ),
    ),
    panels=(
        Panel(
            "stationary variance",
            "variance",
            "persistence",
            "predicted",
            label="stationary variance (parameter²)",
            log="x",
        ),
        Panel(
            "effective temperature",
            "temperature",
            "persistence",
            label="correlation over response (loss)",
            log="x",
        ),
        Panel(
            "decision boundary", "wider", "stay", level=0.0, label="log ratio of distances", log="x"
        ),
    ),
    run=run,
)

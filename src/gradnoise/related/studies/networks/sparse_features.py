"""Large steps and sparse features: label noise lets a diagonal network forget what it does not need.

beta = u u - v v (entrywise), 30 points in 60 dimensions, a target with 3 entries 1, u = v = 0.7 at the start,
one-sample SGD on r^2 / 2 with labels that are off by +-delta. Without label noise SGD interpolates with a dense beta;
with it, it drifts to the sparse one.
"""

import numpy as np
from numba import njit

from gradnoise.related.study import Floats, Panel, Results, Settings, Study, measured
from gradnoise.store.variables import Variable

POINTS, DIMENSIONS, SPARSE = 30, 60, 3
RATE, START = 0.002, 0.7
NOISES = (0.0, 1.0)
STEPS, STRETCHES = 1_000_000, 40


@njit(cache=True, nogil=True)
def _descend(
    random: np.random.Generator,
    inputs: Floats,
    labels: Floats,
    noise: float,
    steps: int,
    u: Floats,
    v: Floats,
    means: Floats,
    sizes: Floats,
) -> None:
    """Train u, v in place; stretches' means of beta (stretches, d) and u^2 + v^2 at their ends (stretches, d)."""
    stretch = steps // means.shape[0]
    for place in range(means.shape[0]):
        means[place] = 0.0
        for _ in range(stretch):
            sample = random.integers(0, labels.size)
            row = inputs[sample]
            residual = -labels[sample]
            if noise > 0:
                residual += noise if random.random() < 0.5 else -noise
            for i in range(u.size):
                residual += row[i] * (u[i] * u[i] - v[i] * v[i])
            step = 2 * RATE * residual
            for i in range(u.size):
                u[i] -= step * row[i] * u[i]
                v[i] += step * row[i] * v[i]
                means[place, i] += (u[i] * u[i] - v[i] * v[i]) / stretch
        sizes[place] = u * u + v * v


def warm() -> None:
    """Compile the training, or load it from the cache."""
    random = np.random.Generator(np.random.PCG64(0))
    row, two = np.ones((1, 2)), np.ones(2)
    _descend(random, row, np.ones(1), 1.0, 1, two, two, row, row)


def effective_rank(sizes: Floats) -> Floats:
    """(sum s)^2 / sum s^2 over the last axis: how many features are of one size.

    >>> float(effective_rank(np.array([2.0, 2.0, 0.0, 0.0])))
    2.0
    """
    return np.asarray(sizes.sum(axis=-1) ** 2 / (sizes**2).sum(axis=-1))


def train(settings: Settings, repeat: int, noise: float, steps: int) -> tuple[Floats, Floats]:
    """Means of beta and ends of u^2 + v^2, (stretches, dimensions) each, on one data set."""
    random = settings.random("sparse_features", "data", repeat)
    inputs = random.standard_normal((POINTS, DIMENSIONS))
    target = np.zeros(DIMENSIONS)
    target[:SPARSE] = 1.0
    u, v = np.full(DIMENSIONS, START), np.full(DIMENSIONS, START)
    means, sizes = np.empty((2, STRETCHES, DIMENSIONS))
    order = settings.random("sparse_features", "order", repeat, f"{noise:g}")
    _descend(order, inputs, inputs @ target, noise, steps, u, v, means, sizes)
    return means, sizes


def run(settings: Settings) -> Results:
    """Without and with label noise on the same data sets."""
    steps = settings.scaled(STEPS, least=STRETCHES)
    pairs = [
        [train(settings, repeat, noise, steps) for repeat in range(settings.repeats)]
        for noise in NOISES
    ]
    means = np.array([[means for means, _ in row] for row in pairs])
    sizes = np.array([[sizes for _, sizes in row] for row in pairs])
    target = np.zeros(DIMENSIONS)
    target[:SPARSE] = 1.0
    late = means[:, :, -STRETCHES // 4 :].mean(axis=2)
    errors = ((late - target) ** 2).sum(axis=-1)
    ranks = effective_rank(sizes)
    rows = [
        measured(
            "log10 of the error without label noise over that with it",
            np.log10(errors[0] / errors[1]),
            least=1.0,
        ),
        measured(
            "effective rank at the end over that at the start, with label noise",
            ranks[1, :, -1] / DIMENSIONS,
            most=1.0,
        ),
        measured(
            "effective rank with label noise over without",
            ranks[1, :, -1] / ranks[0, :, -1],
            most=1.0,
        ),
        measured("error without label noise", errors[0]),
        measured("error with label noise", errors[1]),
        measured("L1 norm with label noise", np.abs(late[1]).sum(axis=-1), float(SPARSE)),
    ]
    return Results(
        rows,
        {
            "label_noise": NOISES,
            "step": steps // STRETCHES * np.arange(1, STRETCHES + 1),
            "error": errors,
            "rank": ranks,
        },
    )


STUDY = Study(
    title="Does noise make the features sparse?",
    statement="SGD with label noise finds the sparse solution that it misses without, and its effective rank falls",
    source="Andriushchenko et al., arXiv:2210.05337; Pesme et al., arXiv:2106.09524",
    caption="A diagonal linear network with 30 samples in 60 dimensions, whose target has three entries. a: effective rank of "
    "its features along SGD (mean over repeats, 95 % interval as a band). b: squared distance of the mean weights from the "
    "target, 95 % intervals over repeats.",
    variables=(
        Variable("label_noise", "size of the label noise", "1", ("noise",)),
        Variable("step", "steps of SGD", "", ("stretch",)),
        Variable(
            "error",
            "|beta - target|^2, beta averaged over the last quarter",
            "1",
            ("noise", "repeat"),
        ),
        Variable("rank", "effective rank of u^2 + v^2", "1", ("noise", "repeat", "stretch")),
    ),
    panels=(
        Panel(
            "effective rank",
            "rank",
            "step",
            lines=("no label noise", "label noise"),
            label="effective rank",
            log="xy",
        ),
        Panel(
            "distance from the sparse target",
            "error",
            tuple(f"noise {noise:g}" for noise in NOISES),
            label="|β − target|²",
            log="y",
        ),
    ),
    run=run,
)

"""Weight fluctuations of linear networks: one layer feels isotropic noise, two layers an inverse relation to flatness.

SGD with label noise on y = T x + noise. In one layer the noise's covariance is the Hessian's, so that every direction
fluctuates by eta / (2 B), however flat. In two layers, V W x, the layers pull at each other: in the eigenbasis of its
own loss, (V^T V) x (inputs' covariance), the first layer fluctuates more where the loss is steeper. The flatness of a
direction is its width, curvature^-1/2. Whether the relation is inverse depends on the inputs: it is for isotropic
ones; those of a spread spectrum stand beside.

The exponent's standard deviation over targets was .16 in a pilot with another seed, at any length. 20 targets in each of 20 repeats give an error
of .008, at which a mean exponent of .03 either way is told from 0 nine times in ten.
"""

import numpy as np

from gradnoise.related.study import MARGIN, Floats, Panel, Results, Settings, Study, measured
from gradnoise.store.variables import Variable

INPUTS, HIDDEN, OUTPUTS = 6, 4, 3
STRENGTHS = (1.5, 1.0, 0.6)  # singular values of the target
RATE, BATCH = 0.02, 8
SPREADS = (1.0, 0.2)  # smallest over largest variance of the inputs of two layers
SINGLE_SPREAD = 0.1
STEPS, FORGOTTEN, EVERY = 12_000, 4000, 10
REPLICAS = 40
TARGETS = 20  # of two layers, in each repeat


def slope(curvatures: Floats, variances: Floats) -> float:
    """Exponent of the variance in the flatness, curvature^-1/2.

    >>> h = np.array([0.5, 1.0, 4.0])
    >>> round(slope(h, 3.0 * h), 9)
    -2.0
    """
    flatness = -np.log(curvatures) / 2
    return float(np.polynomial.polynomial.polyfit(flatness, np.log(variances), 1)[1])


def single_layer(settings: Settings, repeat: int) -> tuple[Floats, Floats]:
    """Curvatures and variances (inputs,) of y = w x in the eigenbasis of its loss."""
    random = settings.random("linear_weight_fluctuations", "single", repeat)
    h = np.geomspace(1, SINGLE_SPREAD, INPUTS)
    steps, shape = settings.scaled(FORGOTTEN, 20), (REPLICAS, BATCH)
    position, total = np.zeros((REPLICAS, INPUTS)), np.zeros(INPUTS)
    for step in range(2 * steps):
        inputs = np.sqrt(h) * random.standard_normal((*shape, INPUTS))
        residual = np.einsum("rbi,ri->rb", inputs, position) - random.standard_normal(shape)
        position = position - RATE / BATCH * np.einsum("rb,rbi->ri", residual, inputs)
        if step >= steps:
            total += np.mean(position**2, axis=0)
    return h, total / steps


def steps_of_two_layers(
    first: Floats, second: Floats, inputs: Floats, targets: Floats
) -> tuple[Floats, Floats]:
    """Gradients of |V W x - y|^2 / 2, mean over a batch, for many networks at once.

    Args:
        first: W, (networks, hidden, inputs).
        second: V, (networks, outputs, hidden).
        inputs: (networks, batch, inputs).
        targets: (networks, batch, outputs).
    """
    hidden = inputs @ first.transpose(0, 2, 1)
    residual = (hidden @ second.transpose(0, 2, 1) - targets) / inputs.shape[1]
    return (residual @ second).transpose(0, 2, 1) @ inputs, residual.transpose(0, 2, 1) @ hidden


def two_layers(settings: Settings, spread: float) -> list[tuple[Floats, Floats]]:
    """Curvatures and variances of the first layer in the eigenbasis of its loss, for every target of every repeat."""
    networks = settings.repeats * TARGETS
    random = settings.random("linear_weight_fluctuations", "two", f"{spread:g}")
    spectrum = np.geomspace(1, spread, INPUTS)
    drawn = random.standard_normal((networks, OUTPUTS, INPUTS))
    left, _, right = np.linalg.svd(drawn, full_matrices=False)
    between, _ = np.linalg.qr(random.standard_normal((networks, HIDDEN, OUTPUTS)))
    roots = np.diag(np.sqrt(STRENGTHS))
    first, second = between @ roots @ right, left @ roots @ between.swapaxes(1, 2)
    target = second @ first
    shape = networks, BATCH
    forgotten, steps = settings.scaled(FORGOTTEN, 20), settings.scaled(STEPS, 400)
    seen, outer = [], np.zeros_like(second)
    for step in range(forgotten + steps):
        inputs = np.sqrt(spectrum) * random.standard_normal((*shape, INPUTS))
        targets = inputs @ target.swapaxes(1, 2) + random.standard_normal((*shape, OUTPUTS))
        to_first, to_second = steps_of_two_layers(first, second, inputs, targets)
        first, second = first - RATE * to_first, second - RATE * to_second
        if step >= forgotten and step % EVERY == 0:
            seen.append(first)
            outer += second
    weights = np.array(seen).reshape(len(seen), networks, -1)
    outer /= len(seen)
    return [in_the_loss_s_basis(weights[:, k], outer[k], spectrum) for k in range(networks)]


def in_the_loss_s_basis(weights: Floats, second: Floats, spectrum: Floats) -> tuple[Floats, Floats]:
    """Curvatures and variances along the eigenvectors of one layer's Hessian, those without curvature left out.

    Args:
        weights: (iterates, hidden x inputs).
        second: V, (outputs, hidden).
        spectrum: variances of the inputs.
    """
    curvatures, basis = np.linalg.eigh(np.kron(second.T @ second, np.diag(spectrum)))
    curved = curvatures > 1e-3 * curvatures[-1]
    along = (weights - weights.mean(axis=0)) @ basis[:, curved]
    return curvatures[curved], np.asarray(along.var(axis=0))


def exponents(settings: Settings, spread: float) -> Floats:
    """Exponent (repeats,) of the first of two layers, mean over targets."""
    found = [slope(*each) for each in two_layers(settings, spread)]
    return np.reshape(found, (settings.repeats, TARGETS)).mean(axis=1)


def run(settings: Settings) -> Results:
    """Exponents of one layer, and of two on isotropic and other inputs."""
    repeats = [single_layer(settings, repeat) for repeat in range(settings.repeats)]
    variances = np.array([variance for _, variance in repeats])
    found = np.array(
        [
            [slope(*each) for each in repeats],
            *(exponents(settings, spread) for spread in SPREADS),
        ]
    )
    expected = RATE / BATCH / (2 - RATE * repeats[0][0])
    rows = [
        measured("exponent of variance in flatness, one layer", found[0], 0, -MARGIN, MARGIN),
        measured(
            "exponent of variance in flatness, two layers, isotropic inputs", found[1], most=0.0
        ),
        measured(
            f"exponent of variance in flatness, two layers, inputs' variances down to {SPREADS[1]:g}",
            found[2],
            most=0.0,
        ),
        measured(
            "variance of one layer, over eta / (B (2 - eta h))",
            (variances / expected).mean(axis=1),
            1.0,
        ),
    ]
    return Results(
        rows,
        {
            "curvature": repeats[0][0],
            "variance": variances,
            "expected": expected,
            "exponent": found,
        },
    )


STUDY = Study(
    title="Do weights fluctuate more where the loss is flat?",
    statement="The weights of one linear layer fluctuate alike in all directions; in two layers they fluctuate less "
    "where the loss is flat",
    source="Gross, Raulf and Räth, arXiv:2311.14120; Feng and Tu (PNAS 2021)",
    caption="a: variance of the weights of one linear layer along eigenvectors of its loss (points, 95 % intervals over "
    "repeats), and its closed form (line). b: exponent of the variance in the flatness, of one layer and of the first of two, "
    "on isotropic inputs and on such of a spread spectrum.",
    variables=(
        Variable("curvature", "curvature", "loss per parameter^2", ("direction",)),
        Variable("variance", "of one layer's weights", "parameter^2", ("repeat", "direction")),
        Variable("expected", "its closed form", "parameter^2", ("direction",)),
        Variable(
            "exponent",
            "of the variance in the flatness: one layer, two on isotropic inputs, two on others",
            "1",
            ("network", "repeat"),
        ),
    ),
    panels=(
        Panel(
            "one layer",
            "variance",
            "curvature",
            "expected",
            label="variance (parameter²)",
            log="x",
        ),
        Panel(
            "exponents",
            "exponent",
            ("one layer", "two layers", "two, spread"),
            level=0.0,
            label="exponent of variance in flatness",
        ),
    ),
    run=run,
)

"""Momentum and spectral bias: gradient descent learns stiff modes first; much momentum makes all take alike.

One mode of curvature lambda obeys x' = (1 + mu - eta lambda) x - mu x_before. It needs about
ln(1 / accuracy) / (eta lambda) steps without momentum, and about 2 ln(1 / accuracy) / (1 - mu) where it is underdamped.
Wide networks learn sums of waves, whose frequencies are the modes of the network's tangent kernel.
"""

import numpy as np

from gradnoise.related import circle
from gradnoise.related.study import MARGIN, Floats, Panel, Results, Row, Settings, Study, measured
from gradnoise.store.variables import Variable

RATE, ACCURACY = 0.1, 1e-3
CURVATURES = (1.0, 0.1, 0.01, 0.001)
MOMENTA = (0.0, 0.5, 0.9, 0.99)
STEPS = 100_000
NETWORK_MOMENTA = (0.0, 0.9, 0.99)


def distances(curvature: float, momentum: float, steps: int = STEPS) -> Floats:
    """|x_k| (steps,) of heavy ball at rest in x_0 = 1."""
    from scipy.signal import lfilter

    start = np.zeros(steps)
    start[0] = 1.0
    recursion = [1.0, -(1 + momentum - RATE * curvature), momentum]
    return np.abs(lfilter([1.0, -momentum], recursion, start))


def settling_steps(curvature: float, momentum: float) -> int:
    """Steps until |x| < 0.001 for good.

    Raises:
        ValueError: where that is not within 100,000 steps.

    >>> [settling_steps(h, 0.0) for h in CURVATURES], [settling_steps(h, 0.99) for h in CURVATURES]
    ([66, 688, 6905, 69075], [1373, 1354, 1331, 1267])
    """
    late = np.flatnonzero(distances(curvature, momentum) >= ACCURACY)
    if late[-1] == STEPS - 1:
        raise ValueError(f"curvature: found {curvature:g}; it does not settle in {STEPS} steps")
    return int(late[-1]) + 1


def slopes(steps: Floats) -> Floats:
    """Slope (...,) of log steps (..., frequencies) in the logarithm of the kernel's eigenvalue."""
    logs = np.log(steps).reshape(-1, steps.shape[-1]).T
    found = np.polynomial.polynomial.polyfit(np.log(circle.eigenvalues()), logs, 1)[1]
    return np.asarray(found).reshape(steps.shape[:-1])


def of_networks(learnt: Floats, predicted: Floats) -> list[Row]:
    """What is measured on networks.

    Args:
        learnt: steps (momenta, repeats, frequencies).
        predicted: by the kernel (momenta, frequencies).
    """
    rows = [
        measured(
            "network: slope of log steps in log eigenvalue, momentum 0",
            slopes(learnt[0]),
            slopes(predicted[0]).item(),
            -1 - MARGIN,
            -1 + MARGIN,
        )
    ]
    limits = {0.0: (100.0, np.inf), 0.99: (-np.inf, 2.0)}
    for momentum, values, expected in zip(NETWORK_MOMENTA, learnt, predicted, strict=True):
        least, most = limits.get(momentum, (-np.inf, np.inf))
        name = f"network: steps of the highest frequency over the lowest, momentum {momentum:g}"
        ratio = expected[-1] / expected[0]
        rows.append(measured(name, values[:, -1] / values[:, 0], ratio, least, most))
    return rows


def run(settings: Settings) -> Results:
    """Steps of every mode at every momentum, where nothing is random, and of networks."""
    steps = np.array([[settling_steps(h, mu) for h in CURVATURES] for mu in MOMENTA])
    ratios = steps[:, -1] / steps[:, 0]
    limits = {0.0: (100.0, np.inf), 0.99: (-np.inf, 2.0)}
    rows = []
    for momentum, ratio in zip(MOMENTA, ratios, strict=True):
        least, most = limits.get(momentum, (-np.inf, np.inf))
        name = f"steps of the slowest mode over the fastest, momentum {momentum:g}"
        rows.append(measured(name, ratio, least=least, most=most))
    learnt = np.array(
        [[circle.learn(settings, k, mu) for k in range(settings.repeats)] for mu in NETWORK_MOMENTA]
    )
    predicted = np.array([circle.predicted_steps(mu) for mu in NETWORK_MOMENTA])
    rows += of_networks(learnt, predicted)
    return Results(
        rows,
        {
            "momentum": MOMENTA,
            "curvature": CURVATURES,
            "steps": steps,
            "eigenvalue": circle.eigenvalues(),
            "learnt": learnt,
            "predicted": predicted,
        },
    )


STUDY = Study(
    title="Does momentum undo the spectral bias?",
    statement="Modes a thousandfold apart in curvature are learnt at the same pace with momentum 0.99, and without "
    "momentum more than a hundredfold apart; networks learn frequencies by the eigenvalues of their tangent kernel",
    source="Rahaman et al., arXiv:1806.08734; Polyak (1964)",
    caption="a: steps of heavy ball with rate 0.1 until a mode of a quadratic is within 0.001 of its start for good, against the "
    "mode's curvature. b: steps until a network of 2,048 ReLU units has learnt four fifths of a wave on the circle (points; 95 % "
    "intervals over networks), against the eigenvalue of its tangent kernel at infinite width, and that kernel's prediction (lines).",
    variables=(
        Variable("momentum", "momentum of heavy ball", "1", ("momentum",)),
        Variable("curvature", "curvature of the mode", "loss per parameter^2", ("mode",)),
        Variable(
            "steps", "until the distance is below 0.001 for good", "steps", ("momentum", "mode")
        ),
        Variable("eigenvalue", "eigenvalue of the tangent kernel over n", "1", ("frequency",)),
        Variable(
            "learnt",
            f"until a network has learnt a frequency, momentum {', '.join(map(str, NETWORK_MOMENTA))}",
            "steps",
            ("network_momentum", "repeat", "frequency"),
        ),
        Variable("predicted", "the same by the kernel", "steps", ("network_momentum", "frequency")),
    ),
    panels=(
        Panel(
            "time to learn a mode",
            "steps",
            "curvature",
            lines=tuple(f"momentum {momentum:g}" for momentum in MOMENTA),
            label="steps to 0.001 of the start",
            log="xy",
        ),
        Panel(
            "network and its kernel",
            "learnt",
            "eigenvalue",
            "predicted",
            tuple(f"momentum {momentum:g}" for momentum in NETWORK_MOMENTA),
            label="steps to a fifth of the start",
            log="xy",
        ),
    ),
    run=run,
)

"""Momentum and spectral bias: gradient descent learns stiff modes first; much momentum makes all take alike.

One mode of curvature lambda obeys x' = (1 + mu - eta lambda) x - mu x_before. It needs about
ln(1 / accuracy) / (eta lambda) steps without momentum, and about 2 ln(1 / accuracy) / (1 - mu) where it is underdamped.
"""

import numpy as np
from scipy.signal import lfilter

from gradnoise.related.study import Floats, Panel, Results, Settings, Study, measured
from gradnoise.store.variables import Variable

RATE, ACCURACY = 0.1, 1e-3
CURVATURES = (1.0, 0.1, 0.01, 0.001)
MOMENTA = (0.0, 0.5, 0.9, 0.99)
STEPS = 100_000


def distances(curvature: float, momentum: float, steps: int = STEPS) -> Floats:
    """|x_k| (steps,) of heavy ball at rest in x_0 = 1."""
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


def run(settings: Settings) -> Results:
    """Steps of every mode at every momentum; nothing is random."""
    steps = np.array([[settling_steps(h, mu) for h in CURVATURES] for mu in MOMENTA])
    ratios = steps[:, -1] / steps[:, 0]
    limits = {0.0: (100.0, np.inf), 0.99: (-np.inf, 2.0)}
    rows = []
    for momentum, ratio in zip(MOMENTA, ratios, strict=True):
        least, most = limits.get(momentum, (-np.inf, np.inf))
        name = f"steps of the slowest mode over the fastest, momentum {momentum:g}"
        rows.append(measured(name, ratio, least=least, most=most))
    return Results(rows, {"momentum": MOMENTA, "curvature": CURVATURES, "steps": steps})


STUDY = Study(
    title="Does momentum undo the spectral bias?",
    statement="Modes a thousandfold apart in curvature are learnt at the same pace with momentum 0.99, and without "
    "momentum more than a hundredfold apart",
    source="Rahaman et al., arXiv:1806.08734; Polyak (1964)",
    caption="Steps of heavy ball with rate 0.1 until a mode is within 0.001 of its start for good, against the mode's curvature.",
    variables=(
        Variable("momentum", "momentum of heavy ball", "1", ("momentum",)),
        Variable("curvature", "curvature of the mode", "loss per parameter^2", ("mode",)),
        Variable(
            "steps", "until the distance is below 0.001 for good", "steps", ("momentum", "mode")
        ),
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
    ),
    run=run,
)

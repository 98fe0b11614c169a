"""The loss settles while the weights move: SGD's invariant measure on a quadratic with a spread spectrum.

Modes of curvature h_i = i^-2 with noise of covariance H: all weights have about the variance eta / 2, the loss is made
by stiff modes, which forget in a few steps, and the distance between iterates by flat ones, which do not. Over times
between, the mean squared displacement grows as t^0.5. Chains start from the stationary law. Networks on images stand
beside.
"""

import numpy as np

from gradnoise.related import settled_networks
from gradnoise.related.study import Floats, Panel, Results, Row, Settings, Study, measured
from gradnoise.store.variables import Variable

MODES, RATE = 100, 0.5
REPLICAS, WINDOW = 20, 1500
LAGS = (10, 20, 50, 100, 200, 500, 1000)
FITTED = (50, 1000)
SAME = 0.05  # distance of two windows of one law


def curvatures() -> Floats:
    """(modes,), the stiffest first."""
    return np.arange(1.0, MODES + 1) ** -2


def displacement(lags: Floats, h: Floats) -> Floats:
    """Exact mean squared distance (lags,) of iterates so many steps apart, summed over the modes."""
    variance = RATE / (2 - RATE * h)
    shrink = 1 - RATE * h
    return np.asarray((2 * variance * (1 - shrink ** np.asarray(lags)[:, None])).sum(axis=1))


def exponent(lags: Floats, moved: Floats) -> float:
    """Slope of the displacement in the lag, both logarithmic, over the fitted lags."""
    chosen = (lags >= FITTED[0]) & (lags <= FITTED[1])
    return float(
        np.polynomial.polynomial.polyfit(np.log(lags[chosen]), np.log(moved[chosen]), 1)[1]
    )


def simulate(settings: Settings, repeat: int) -> tuple[Floats, Floats, Floats]:
    """Loss (steps, replicas), squared displacement (lags,), and a flat weight (steps, replicas), of two windows."""
    random, h = settings.random("settled_loss", repeat), curvatures()
    shape = settings.scaled(REPLICAS, least=2), MODES
    position = np.sqrt(RATE / (2 - RATE * h)) * random.standard_normal(shape)
    starts = {}
    moved = np.zeros((len(LAGS), 2))
    losses, flat = np.empty((2 * WINDOW, shape[0])), np.empty((2 * WINDOW, shape[0]))
    for step in range(2 * WINDOW):
        if step % 100 == 0:
            starts[step] = position
        losses[step], flat[step] = position**2 @ h / 2, position[:, -1]
        for place, lag in enumerate(LAGS):
            if step - lag in starts:
                distance = ((position - starts[step - lag]) ** 2).sum(axis=1).mean()
                moved[place] += distance, 1.0
        noise = np.sqrt(h) * random.standard_normal(shape)
        position = position - RATE * (h * position + noise)
    return losses, moved[:, 0] / moved[:, 1], flat


def of_networks(found: list[settled_networks.Settled]) -> list[Row]:
    """What is measured on networks, one entry a repeat."""
    lags = np.array(settled_networks.LAGS, np.float64)
    slopes = [
        np.polynomial.polynomial.polyfit(np.log(lags), np.log(each.displacement), 1)[1]
        for each in found
    ]
    return [
        measured(
            "networks: Kolmogorov distance of the loss in two windows",
            [each.distance for each in found],
            most=SAME,
        ),
        measured("networks: exponent of the mean squared displacement", slopes, least=0.0),
        measured(
            "networks: log ratio of the gradient's norm to that after full-batch descent",
            np.log([each.gradients for each in found]),
        ),
        measured("networks: mean loss", [each.loss for each in found]),
    ]


def run(settings: Settings) -> Results:
    """Two disjoint windows of the stationary law, and the displacement between iterates."""
    from scipy.stats import ks_2samp

    lags = np.array(LAGS, np.float64)
    found = [simulate(settings, repeat) for repeat in range(settings.repeats)]
    halves = np.array(
        [
            [
                ks_2samp(series[:WINDOW].ravel(), series[WINDOW:].ravel()).statistic
                for series in pair
            ]
            for pair in ((losses, flat) for losses, _, flat in found)
        ]
    )
    moved = np.array([moved for _, moved, _ in found])
    predicted = displacement(lags, curvatures())
    exponents = np.array([exponent(lags, each) for each in moved])
    rows = [
        measured("Kolmogorov distance of the loss in two windows", halves[:, 0], most=SAME),
        measured(
            "exponent of the mean squared displacement",
            exponents,
            exponent(lags, predicted),
            least=0.0,
        ),
        measured("Kolmogorov distance of the flattest weight in two windows", halves[:, 1]),
    ]
    networks = [settled_networks.settle(settings, repeat) for repeat in range(settings.repeats)]
    rows += of_networks(networks)
    distances = np.column_stack([halves, [each.distance for each in networks]])
    return Results(
        rows,
        {
            "lag": lags,
            "displacement": moved,
            "predicted": predicted,
            "distance": distances,
            "network_lag": settled_networks.LAGS,
            "network_displacement": np.array([each.displacement for each in networks]),
        },
    )


STUDY = Study(
    title="Do weights stop moving when the loss does?",
    statement="The distribution of the loss is the same in two late windows, while the weights keep moving apart",
    source="Zhang et al., arXiv:2110.06256",
    caption="a: mean squared distance between iterates of SGD on a quadratic with a spread spectrum (points; 95 % intervals "
    "over repeats are smaller) and its closed form (line). b: the same of networks on images of two "
    "classes. c: Kolmogorov distance of two late windows: loss and flattest weight of the quadratic, and loss of networks; below the "
    "dotted line they count as the same.",
    variables=(
        Variable("lag", "steps between two iterates", "", ("lag",)),
        Variable("displacement", "their mean squared distance", "parameter^2", ("repeat", "lag")),
        Variable("predicted", "its closed form", "parameter^2", ("lag",)),
        Variable(
            "distance",
            "Kolmogorov distance of two windows: loss, flattest weight, loss of networks",
            "1",
            ("repeat", "quantity"),
        ),
        Variable("network_lag", "steps between two iterates", "", ("network_lag",)),
        Variable(
            "network_displacement",
            "mean squared distance of networks' weights",
            "parameter^2",
            ("repeat", "network_lag"),
        ),
    ),
    panels=(
        Panel(
            "quadratic: weights move",
            "displacement",
            "lag",
            "predicted",
            label="squared distance (parameter²)",
            log="xy",
        ),
        Panel(
            "networks: weights move",
            "network_displacement",
            "network_lag",
            label="squared distance (parameter²)",
            log="x",
        ),
        Panel(
            "two late windows",
            "distance",
            ("loss", "flattest\nweight", "networks'\nloss"),
            level=SAME,
            label="Kolmogorov distance",
        ),
    ),
    run=run,
)

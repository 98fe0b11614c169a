"""Statistical algorithmic stability: training that does not converge, judged by its time-averaged losses.

tanh networks on images of two classes, squared loss, SGD at a constant rate, on one training set and on sets that
differ from it by one sample, with the same start and the same order of batches. Stability is the largest change of a test
sample's loss, averaged over the second half of training, over samples and replacements; it is held against the
generalisation gap of the same averages, over learning rates.
"""

import numpy as np

from gradnoise.related.images import two_classes
from gradnoise.related.study import Floats, Panel, Results, Settings, Study, measured
from gradnoise.related.tanh_networks import outputs, step
from gradnoise.store.variables import Variable

SAMPLES, TEST, SWAPS = 200, 200, 20
UNITS, BATCH = 4, 10
RATES = (0.02, 0.05, 0.1, 0.2, 0.3)
STEPS, EVERY = 60_000, 50
LAGS = (100, 200, 400, 800)
CORRELATED, SETTLED = 0.3, 0.01


def train(settings: Settings, repeat: int, steps: int) -> tuple[Floats, Floats, Floats]:
    """Losses of every network in the second half of training: one training set and its changed ones, at every rate.

    Returns:
        Mean loss of every test sample (rates, 1 + SWAPS, TEST); of the unchanged set, every EVERY steps, the mean loss
        on its own training samples (points, rates) and the weights (points, rates, parameters).
    """
    images, labels = two_classes(
        settings.random("algorithmic_stability", "images", repeat), SAMPLES + TEST + SWAPS
    )
    random = settings.random("algorithmic_stability", "training", repeat)
    order = random.permutation(len(labels))
    own, tested, others = np.split(order, [SAMPLES, SAMPLES + TEST])
    members = np.tile(own, (1 + SWAPS, 1))
    members[np.arange(1, 1 + SWAPS), random.permutation(SAMPLES)[:SWAPS]] = others
    pixels = images.shape[1]
    shape = len(RATES), 1 + SWAPS
    weights = (
        np.tile(random.standard_normal((UNITS, pixels)) / np.sqrt(pixels), (*shape, 1, 1)),
        np.tile(random.standard_normal(UNITS) / np.sqrt(UNITS), (*shape, 1)),
    )
    rates = np.broadcast_to(np.array(RATES)[:, None], shape)
    on_test, on_train, path = np.zeros((*shape, TEST)), [], []
    for count in range(steps):
        chosen = members[:, random.integers(SAMPLES, size=BATCH)]
        weights = step(weights, images[chosen], labels[chosen], rates)
        if count >= steps // 2 and count % EVERY == 0:
            on_test += (outputs(weights, images[tested])[1] - labels[tested]) ** 2 / 2
            first = weights[0][:, 0], weights[1][:, 0]
            on_train.append(((outputs(first, images[own])[1] - labels[own]) ** 2 / 2).mean(axis=-1))
            path.append(np.concatenate([first[0].reshape(len(RATES), -1), first[1]], axis=1))
    return on_test / len(on_train), np.array(on_train), np.array(path)


def exponents(path: Floats) -> Floats:
    """Exponent (rates,) of the mean squared distance between iterates in their lag; path (points, rates, parameters)."""
    moved = [
        ((path[lag // EVERY :] - path[: -lag // EVERY]) ** 2).sum(axis=-1).mean(axis=0)
        for lag in LAGS
    ]
    return np.asarray(np.polynomial.polynomial.polyfit(np.log(LAGS), np.log(moved), 1)[1])


def judge(settings: Settings, repeat: int, steps: int) -> dict[str, Floats]:
    """Of every rate: stability, gap, change of the averaged loss between halves of the window, and the exponent."""
    averaged, on_train, path = train(settings, repeat, steps)
    middle = len(on_train) // 2
    first, second = on_train[:middle].mean(axis=0), on_train[middle:].mean(axis=0)
    return {
        "stability": np.abs(averaged[:, 1:] - averaged[:, :1]).max(axis=(1, 2)),
        "gap": averaged[:, 0].mean(axis=-1) - on_train.mean(axis=0),
        "change": np.abs(second / first - 1),
        "exponent": exponents(path),
    }


def rank_correlation(first: Floats, second: Floats) -> float:
    """Spearman's.

    >>> round(rank_correlation(np.array([1.0, 2, 3, 4]), np.array([1.0, 3, 2, 9])), 12)
    0.8
    """
    from scipy.stats import rankdata

    return float(np.corrcoef(rankdata(first), rankdata(second))[0, 1])


def run(settings: Settings) -> Results:
    """Every repeat with images and a start of its own; the correlation is over learning rates."""
    steps = settings.scaled(STEPS, least=4 * max(LAGS))
    found = [judge(settings, repeat, steps) for repeat in range(settings.repeats)]
    by_name = {name: np.array([each[name] for each in found]) for name in found[0]}
    pairs = zip(by_name["stability"], by_name["gap"], strict=True)
    rows = [
        measured(
            "rank correlation of instability and generalisation gap over learning rates",
            [rank_correlation(*pair) for pair in pairs],
            least=CORRELATED,
        )
    ]
    for place, rate in enumerate(RATES):
        rows.append(
            measured(
                f"exponent of the mean squared displacement at rate {rate:g}",
                by_name["exponent"][:, place],
                least=0.0,
            )
        )
    for place, rate in enumerate(RATES):
        rows.append(
            measured(
                f"relative change of the averaged training loss between halves at rate {rate:g}",
                by_name["change"][:, place],
                most=SETTLED,
            )
        )
    for name, words in (("stability", "largest change by one sample"), ("gap", "gap")):
        for place, rate in enumerate(RATES):
            rows.append(measured(f"{words} at rate {rate:g}", by_name[name][:, place]))
    return Results(rows, {"rate": RATES, **by_name})


STUDY = Study(
    title="Does training that never converges generalise?",
    statement="Learning rates whose time-averaged losses hang on single samples generalise worse, and the averages settle while the "
    "weights keep moving",
    source="Chandramoorthy et al., arXiv:2208.07951",
    caption="Networks on images of two classes, trained by SGD at constant rates on sets that differ by one sample, 95 % intervals "
    "over repeats. a: largest change of a test sample's time-averaged loss. b: its mean minus that of training samples. c: change "
    "of the averaged training loss between halves of the window (dotted: 1 %).",
    variables=(
        Variable("rate", "learning rate", "1", ("rate",)),
        Variable("stability", "largest change by one sample", "loss", ("repeat", "rate")),
        Variable("gap", "generalisation gap", "loss", ("repeat", "rate")),
        Variable("change", "relative change between halves", "1", ("repeat", "rate")),
        Variable("exponent", "exponent of the mean squared displacement", "1", ("repeat", "rate")),
    ),
    panels=(
        Panel("instability", "stability", "rate", label="change by one sample (loss)", log="x"),
        Panel("generalisation", "gap", "rate", log="x"),
        Panel(
            "averages settle", "change", "rate", level=SETTLED, label="relative change", log="xy"
        ),
    ),
    run=run,
)

"""What all studies of the balance stage share."""

import numpy as np
from numpy.typing import NDArray

from gradnoise.balance.settings import Common
from gradnoise.draws.streams import Stream, seed_sequence
from gradnoise.store.variables import Variable

LONGEST = 400.0  # of `relaxed`


def relaxed(ratio: float, slope: float = 1.0) -> float:
    """Time, eta x steps, after which an ensemble that starts at v = slope has its stationary law.

    At depth 1 the slow part of the spectrum starts at k (1 - r)^2 / (4 r), r the temperature over the critical one; near r = 1
    and above, where v goes on falling, it is cut off.
    """
    slow = 8 * ratio / (1 - ratio) ** 2 if ratio != 1 else np.inf
    return max(12.0, min(slow, LONGEST)) / slope


def seed_of(settings: Common, *key: int | str) -> int:
    """Seed of one ensemble: ensembles share no random numbers."""
    return int(seed_sequence(settings.seed, Stream.BALANCE, *key).generate_state(1)[0])


def moments(v: NDArray[np.float64]) -> dict[str, float]:
    """Mean, variance and median of the replicas that did not diverge, with the standard errors of the first two."""
    kept = v[np.isfinite(v)]
    mean, variance = float(kept.mean()), float(kept.var(ddof=1))
    squares = (kept - mean) ** 2
    return {
        "diverged": int(v.size - kept.size),
        "mean": mean,
        "mean_error": float(np.sqrt(variance / kept.size)),
        "variance": variance,
        "variance_error": float(squares.std(ddof=1) / np.sqrt(kept.size)),
        "median": float(np.median(kept)),
    }


# Of every ensemble.
ENSEMBLE = (
    Variable("depth", "hidden layers of the network"),
    Variable("ratio", "learning rate over batch size, over the critical temperature of depth 1"),
    Variable("learning_rate", "of SGD", "parameter^2 per loss"),
    Variable("batch_size", "samples in a batch", "samples"),
    Variable("label_noise", "standard deviation of the labels"),
    Variable("steps", "of SGD", "steps"),
    Variable("replicas", "of the network"),
    Variable("diverged", "of them"),
    Variable("mean", "of the product v over replicas that did not diverge; the slope is 1"),
    Variable("mean_error", "its standard error"),
    Variable("variance", "of v over them"),
    Variable("variance_error", "its standard error"),
    Variable("median", "of v over them"),
)

"""Through the critical temperature: depth 1 collapses there, other depths do not.

Ensembles of depth 0, 1 and 2 at every temperature, and near v = 0 the growth of ln v at depth 1, which changes sign
at the transition. Inputs and label noise are ±1 and ±s, batches single samples.
"""

import math
from typing import Any

import numpy as np

from gradnoise.balance.collapse import critical_learning_rate, growth_rate
from gradnoise.balance.diagonal import critical_temperature, diagonal_moments, diagonal_quantiles
from gradnoise.balance.ensembles import sample_diagonal
from gradnoise.balance.settings import Noisy
from gradnoise.balance.study import ENSEMBLE, moments, relaxed, seed_of
from gradnoise.store.studies import Rows, Study
from gradnoise.store.variables import Variable

DEPTHS = (0, 1, 2)
NEAR = (0.8, 0.9, 1.0, 1.1, 1.2)  # where the growth is measured
GROWN = 20_000  # steps of it
SMALL = 1e-120  # v at its start: it stays small, and a number, whatever the noise


def through(settings: Noisy) -> dict[str, Rows]:
    """Rows of both tables."""
    critical = critical_temperature(label_noise=settings.label_noise)
    limit = critical_learning_rate(label_noise=settings.label_noise)
    return {
        "transition": [
            _ensemble(depth, ratio, ratio * critical, settings)
            for depth in DEPTHS
            for ratio in settings.ratios
        ],
        "growth": [_growth(ratio, ratio * limit, settings) for ratio in NEAR],
    }


def _ensemble(depth: int, ratio: float, rate: float, settings: Noisy) -> dict[str, Any]:
    steps = math.ceil(relaxed(ratio if depth == 1 else 0) / rate)
    noise, replicas = settings.label_noise, settings.replicas
    seed = seed_of(settings, "transition", depth, str(ratio))
    v = sample_diagonal(depth, rate, 1, steps, replicas, seed, label_noise=noise)
    if depth == 1 and ratio >= 1:
        exact = 0.0, 0.0, 0.0
    else:
        median = diagonal_quantiles(0.5, depth, rate, label_noise=noise)
        exact = *diagonal_moments(depth, rate, label_noise=noise), float(median)
    return {
        **{"depth": depth, "ratio": ratio, "learning_rate": rate, "batch_size": 1},
        **{"label_noise": noise, "steps": steps, "replicas": replicas, **moments(v)},
        **dict(zip(("exact_mean", "exact_variance", "exact_median"), exact, strict=True)),
    }


def _growth(ratio: float, rate: float, settings: Noisy) -> dict[str, Any]:
    noise, replicas = settings.label_noise, settings.replicas
    seed = seed_of(settings, "growth", str(ratio))
    v = sample_diagonal(1, rate, 1, GROWN, replicas, seed, label_noise=noise, start=SMALL)
    change = (np.log(v) - np.log(SMALL)) / GROWN
    return {
        **{"ratio": ratio, "learning_rate": rate, "steps": GROWN, "replicas": replicas},
        "growth": float(change.mean()),
        "growth_error": float(change.std(ddof=1) / np.sqrt(replicas)),
        "exact_growth": growth_rate(rate, label_noise=noise),
    }


STUDY = Study(
    Noisy,
    {
        "transition": (
            *ENSEMBLE,
            Variable("exact_mean", "of the exact law; 0 where v collapses"),
            Variable("exact_variance", "of the exact law; 0 where v collapses"),
            Variable("exact_median", "of the exact law; 0 where v collapses"),
        ),
        "growth": (
            Variable("ratio", "learning rate over the exact threshold of finite steps"),
            Variable("learning_rate", "of SGD", "parameter^2 per loss"),
            Variable("steps", "of SGD", "steps"),
            Variable("replicas", "of the network"),
            Variable("growth", "mean change of ln v near 0 at depth 1", "per step"),
            Variable("growth_error", "its standard error", "per step"),
            Variable("exact_growth", "expected change of ln v", "per step"),
        ),
    },
    through,
)

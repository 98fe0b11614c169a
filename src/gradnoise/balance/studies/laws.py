"""Exact stationary laws against ensembles of SGD, by depth and temperature, at a step and at half of it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradnoise.balance.diagonal import (
    critical_temperature,
    diagonal_cdf,
    diagonal_moments,
)
from gradnoise.balance.ensembles import sample_diagonal
from gradnoise.balance.settings import Noisy
from gradnoise.balance.study import ENSEMBLE, moments, relaxed, seed_of
from gradnoise.store.studies import Rows, Study
from gradnoise.store.variables import Variable

BATCHES = (2, 1)  # samples, with learning rates in proportion: one temperature
BINS, WIDEST = 40, 4.0  # of the histograms, from 0 or -WIDEST


@dataclass(frozen=True)
class Settings(Noisy):
    """What the job reads.

    Attributes:
        depths: hidden layers of the networks whose laws are compared.
    """

    depths: Sequence[int]


def laws(settings: Settings) -> dict[str, Rows]:
    """Rows of both tables, of temperatures below the critical one of depth 1.

    Above, depth 1 has no law, and deeper networks spend their time so near to 0 that they would need longer runs.
    """
    found: dict[str, Rows] = {"laws": [], "histograms": []}
    for depth in settings.depths:
        for ratio in settings.ratios:
            if ratio < 1:
                for batch in BATCHES:
                    _compare(depth, ratio, batch, settings, found)
    return found


def distance(v: NDArray[np.float64], below: NDArray[np.float64]) -> float:
    """Kolmogorov's distance of values, in ascending order, from the law that has so much mass below each."""
    count = len(v)
    places = np.arange(count + 1) / count
    return float(max((places[1:] - below).max(), (below - places[:-1]).max()))


def _compare(
    depth: int, ratio: float, batch: int, settings: Settings, found: dict[str, Rows]
) -> None:
    noise, replicas = settings.label_noise, settings.replicas
    temperature = ratio * critical_temperature(label_noise=noise)
    rate = batch * temperature
    steps = math.ceil(relaxed(ratio if depth == 1 else 0) / rate)
    seed = seed_of(settings, "laws", depth, str(ratio), batch)
    v = sample_diagonal(depth, rate, batch, steps, replicas, seed, label_noise=noise)
    kept = np.sort(v[np.isfinite(v)])
    about: dict[str, Any] = {"depth": depth, "ratio": ratio, "batch_size": batch}
    exact = diagonal_moments(depth, temperature, label_noise=noise)
    found["laws"].append(
        {
            **{**about, "learning_rate": rate, "label_noise": noise, "steps": steps},
            **{"replicas": replicas, **moments(v)},
            **{"exact_mean": exact.mean, "exact_variance": exact.variance},
            "distance": distance(kept, diagonal_cdf(kept, depth, temperature, label_noise=noise)),
        }
    )
    if batch == BATCHES[-1]:
        edges = np.linspace(-WIDEST if depth == 0 else 0, WIDEST, BINS + 1)
        shares = np.histogram(kept, edges)[0] / kept.size / (edges[1] - edges[0])
        below = diagonal_cdf(edges, depth, temperature, label_noise=noise)
        density = np.diff(below) / np.diff(edges)
        found["histograms"].extend(
            about | dict(zip(("lower", "upper", "density", "exact_density"), row, strict=True))
            for row in zip(
                *(each.tolist() for each in (edges[:-1], edges[1:], shares, density)), strict=True
            )
        )


STUDY = Study(
    Settings,
    {
        "laws": (
            *ENSEMBLE,
            Variable("exact_mean", "of the exact law"),
            Variable("exact_variance", "of the exact law"),
            Variable("distance", "Kolmogorov's, of the replicas from the exact law"),
        ),
        "histograms": (
            *(each for each in ENSEMBLE if each.name in ("depth", "ratio", "batch_size")),
            Variable("lower", "end of a bin of v"),
            Variable("upper", "end of a bin of v"),
            Variable("density", "of the replicas in it"),
            Variable("exact_density", "of the exact law, the mean over it"),
        ),
    },
    laws,
)

"""Results drawn from a known truth, and what a scheme makes of them: the first one, and that of `claims.scheme`.

Deviations on the arcsine scale are those of the default run's percentages: between seeds, common to a network, of a
layer and of a cell, and between repeats of the draws.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from gradnoise.claims.scheme.alike import estimate_alike
from gradnoise.claims.scheme.component import Component
from gradnoise.claims.scheme.decision import Rule, every, some
from gradnoise.claims.scheme.root_mean_square import root_mean_square
from gradnoise.tables.moderated.contrasts import ARCHITECTURE, Cells, Estimates, Scope, estimate

Array = NDArray[Any]
Scheme = Literal["first", "new"]

COMMON, LAYER, CELL = 0.016, 0.026, 0.022
REPEAT = np.array([0.082, 0.038, 0.031, 0.028, 0.028])
COORDINATES = np.array([144, 200, 200, 200, 200])
LAYERS, SIZES = 5, 4
# 200 batches of the default run: conv1, conv2, conv3, linear1, linear2; batch sizes 16, 64, 256, 1024.
OBSERVED = np.array(
    [
        [18.9, 68.6, 88.2, 93.3],
        [17.1, 62.7, 83.0, 90.3],
        [17.5, 51.0, 73.2, 84.0],
        [33.6, 37.2, 50.2, 64.5],
        [21.5, 22.9, 35.0, 49.6],
    ]
)
UNSTATED = float("nan")
ONE_CLASS = np.zeros(LAYERS, int)
CLASSES = np.array([0, 0, 0, 1, 1])  # convolutions and linear layers
UNEQUAL = np.array(
    [1.0, 1.0, 1.0, 3.0, 1.0]
)  # deviations over seeds of linear1, three times the others'


@dataclass(frozen=True)
class Contrasts:
    """Weighted sums (K, m) of cells and their ranges; those that only refute are no part of "every"."""

    weights: Array
    least: float = -np.inf
    most: float = np.inf
    only_refutes: bool = False


def percentages(
    random: np.random.Generator,
    truth: Array,
    seeds: int,
    repeats: int,
    unequal: Array | None = None,
) -> Array:
    """(seeds, repeats, layers, batch sizes) around true percentages (layers, batch sizes)."""
    scale = (np.ones(LAYERS) if unequal is None else unequal)[:, None]
    exact = np.arcsin(np.sqrt(truth / 100))
    of_seeds = (
        random.normal(0, COMMON, (seeds, 1, 1, 1))
        + random.normal(0, LAYER, (seeds, 1, LAYERS, 1)) * scale
        + random.normal(0, CELL, (seeds, 1, LAYERS, SIZES)) * scale
    )
    of_repeats = random.normal(0, 1, (seeds, repeats, LAYERS, SIZES)) * REPEAT[:, None]
    share = np.sin(np.clip(exact + of_seeds + of_repeats, 0, np.pi / 2)) ** 2
    return 100 * np.round(share * COORDINATES[:, None]) / COORDINATES[:, None]


def cells(values: Array, classes: Array = ONE_CLASS) -> Cells:
    """As the scheme takes them: (S, R, L, B) to K = L B cells."""
    seeds, repeats, layers, sizes = values.shape
    count = layers * sizes
    layer = np.repeat(np.arange(layers), sizes)
    return Cells(
        values.reshape(seeds, repeats, count),
        layer,
        classes[layer],
        COORDINATES[layer].astype(float),
        np.zeros(count),
        np.zeros(count),
    )


def place(layer: int, size: int) -> Array:
    """The cell's unit vector, (K,)."""
    return np.eye(LAYERS * SIZES)[layer * SIZES + size]


def rises(values: Array) -> list[Contrasts]:
    """Largest minus smallest batch size above 0 in layers below 92, no fall above 3."""
    means = values.mean(axis=(0, 1))
    below = [k for k in range(LAYERS) if means[k, 0] < 92]
    up = np.stack([place(k, SIZES - 1) - place(k, 0) for k in below], axis=1)
    falls = [place(k, b) - place(k, b + 1) for k in range(LAYERS) for b in range(SIZES - 1)]
    down = np.stack(falls, axis=1)
    return [Contrasts(up, least=0.0), Contrasts(down, most=3.0, only_refutes=True)]


def leads(values: Array) -> list[Contrasts]:
    """The first layer minus each other above 0 at every batch size."""
    pairs = [place(0, b) - place(k, b) for k in range(1, LAYERS) for b in range(SIZES)]
    return [Contrasts(np.stack(pairs, axis=1), least=0.0)]


def decide(
    values: Array,
    claims: Callable[[Array], Sequence[Contrasts]],
    scheme: Scheme,
    scope: Scope = ARCHITECTURE,
    classes: Array = ONE_CLASS,
) -> str:
    """Verdict on a claim that every contrast lies in its range."""
    parts: list[Component] = []
    for one in claims(values):
        if scheme == "new":
            found = estimate(cells(values, classes), one.weights, scope)
            value, error, degrees = found.value, found.error, found.degrees
        else:
            seeds = values.mean(axis=1).reshape(len(values), -1) @ one.weights
            value, error = seeds.mean(axis=0), stats.sem(seeds, axis=0)
            degrees = np.full(len(value), len(values) - 1.0)
        parts += plain(value, error, degrees, one, bonferroni=scheme == "first")
    return every(parts).verdict


def plain(
    value: Array, error: Array, degrees: Array, claim: Contrasts, bonferroni: bool
) -> list[Component]:
    """Components; the first scheme's have simultaneous t intervals that decide both ways."""
    parts = []
    for k, numbers in enumerate(zip(value, error, degrees, strict=True)):
        family = "falls" if claim.only_refutes else ""
        part = Component(
            str(k),
            *numbers,
            claim.least,
            claim.most,
            family=family,
            only_refutes=claim.only_refutes,
        )
        if bonferroni:
            count = len(value)
            certain = [count * p <= 0.025 for p in (part.inside, part.outside)]
            # Holm's correction must not be applied on top.
            pvalues = tuple(0.0 if one else 1.0 for one in certain)
            part = Component(
                str(k),
                *numbers,
                claim.least,
                claim.most,
                only_refutes=claim.only_refutes,
                pvalues=pvalues,
            )
        parts.append(part)
    return parts


def deviations(
    random: np.random.Generator, truth: Array, seeds: int, repeats: int, seed_sd: float
) -> Array:
    """(seeds, repeats, m) around true deviations in points; repeats deviate by 3.5."""
    count = len(truth)
    return (
        truth
        + random.normal(0, seed_sd, (seeds, 1, count))
        + random.normal(0, 3.5, (seeds, repeats, count))
    )


def within_three(values: Array, scheme: Scheme, rule: Rule = every) -> str:
    """Verdict on deviations (S, R, m): every one within ±3, or (`some`) one beyond."""
    seeds = values.mean(axis=1)
    if scheme == "new":
        found = estimate_alike(values, ARCHITECTURE)
    else:
        degrees = np.full(seeds.shape[1], len(seeds) - 1.0)
        found = Estimates(seeds.mean(axis=0), stats.sem(seeds, axis=0), degrees)
    claim = Contrasts(np.empty(0), -3.0, 3.0)
    return rule(plain(*found, claim, bonferroni=scheme == "first")).verdict


def mean_square(values: Array) -> str:
    """Verdict on the root mean square of deviations (S, R, m) below 3."""
    seeds = values.mean(axis=1)
    covariance = np.cov(seeds.T) / len(seeds)
    part = root_mean_square("change", seeds.mean(axis=0), covariance, len(seeds) - 1, 3.0)
    return every([part]).verdict


def flat(percentage: float) -> Array:
    """The same truth in every cell."""
    return np.full((LAYERS, SIZES), percentage)


def rising(rise: Sequence[float], start: float) -> Array:
    """Layers that rise so much from the smallest to the largest batch size, in equal steps."""
    return flat(start) + np.outer(rise, np.arange(SIZES)) / (SIZES - 1)


def leading(lead: float, **equal: float) -> Array:
    """The first layer ahead of the others; `cell`: truth of layer 2 at the second size, `layer`: of layer 3."""
    truth = flat(40.0)
    truth[0] += lead
    if "cell" in equal:
        truth[2, 1] = equal["cell"]
    if "layer" in equal:
        truth[3] = equal["layer"]
    return truth


Draw = Callable[[np.random.Generator, int, int], Array]
Decide = Callable[[Array, Scheme], str]


class Scenario(NamedTuple):
    """A truth, and a claim about it.

    Attributes:
        draw: results of so many seeds and repeats.
        decide: the claim's verdict by a scheme.
        true: whether the claim holds.
        contradicted, supported: percentages of verdicts that the design states for 3 seeds and for 5, or UNSTATED.
    """

    draw: Draw
    decide: Decide
    true: bool
    contradicted: tuple[float, float]
    supported: tuple[float, float]


def _table(truth: Array, unequal: Array | None = None) -> Draw:
    return lambda random, seeds, repeats: percentages(random, truth, seeds, repeats, unequal)


def _deviations(truth: Array, seed_sd: float) -> Draw:
    return lambda random, seeds, repeats: deviations(random, truth, seeds, repeats, seed_sd)


def _shared(truth: Array) -> Draw:
    """Deviations of 1.5 over seeds, of which all cells have most in common; repeats add little."""

    def draw(random: np.random.Generator, seeds: int, repeats: int) -> Array:
        common = random.normal(0, 1.5 * np.sqrt(0.8), (seeds, 1, 1))
        own = random.normal(0, 1.5 * np.sqrt(0.2), (seeds, 1, len(truth)))
        return truth + common + own + random.normal(0, 0.1, (seeds, repeats, len(truth)))

    return draw


def _rises(values: Array, scheme: Scheme) -> str:
    return decide(values, rises, scheme)


def _leads(values: Array, scheme: Scheme) -> str:
    return decide(values, leads, scheme)


def _differs(values: Array, scheme: Scheme) -> str:
    return within_three(values, scheme, some)


def _mean_square(values: Array, scheme: Scheme) -> str:
    # The first scheme had none: its simultaneous intervals have to lie within the margin.
    return mean_square(values) if scheme == "new" else within_three(values, scheme)


_ALTERNATING = (-1.0) ** np.arange(20)
_ONE = np.eye(20)[0]

# The claims and truths of the design, with the rates that it states (at 3 and 5 seeds, 5 repeats).
SCENARIOS: dict[str, Scenario] = {
    "rises as observed": Scenario(_table(OBSERVED), _rises, True, (0, 0), (100, 100)),
    "rises 10 in each layer": Scenario(
        _table(rising([10] * 5, 40)), _rises, True, (0, 0), (46, 87)
    ),
    "rises, one layer exactly 0": Scenario(
        _table(rising([30, 30, 0, 30, 30], 30)), _rises, False, (0, 0), (0.5, 0)
    ),
    "rises, one layer falls by 10": Scenario(
        _table(rising([30, 30, -10, 30, 30], 40)), _rises, False, (64, 98), (0, 0)
    ),
    "the first leads by 15 in 16 cells": Scenario(
        _table(leading(15)), _leads, True, (0, 0), (65, 98)
    ),
    "15 of 16 leads, one exactly 0": Scenario(
        _table(leading(15, cell=55)), _leads, False, (0, 0), (1, 2.2)
    ),
    "15 of 16 leads, one is -20": Scenario(
        _table(leading(15, cell=75)), _leads, False, (87, 100), (0, 0)
    ),
    "one layer's seeds vary threefold, it rises exactly 0": Scenario(
        _table(rising([30, 30, 30, 0, 30], 40), UNEQUAL), _rises, False, (1, 1), (6, 2.5)
    ),
    "the same, rises as observed": Scenario(
        _table(OBSERVED, UNEQUAL), _rises, True, (0, 0), (99, 100)
    ),
    "20 changes within 3, one is 12": Scenario(
        _deviations(12 * _ONE, 1.5), within_three, False, (90, 100), (0, 0)
    ),
    "root mean square of 20 changes below 3, all 0": Scenario(
        _deviations(0 * _ONE, 1.5), _mean_square, True, (0, 0), (100, 100)
    ),
    "the same, all exactly 3": Scenario(
        _deviations(3 * _ALTERNATING, 1.5), _mean_square, False, (2.4, 2.4), (2.4, 2.4)
    ),
    "the same, all 6": Scenario(
        _deviations(6 * _ALTERNATING, 1.5), _mean_square, False, (UNSTATED, UNSTATED), (0, 0)
    ),
    "60 changes that share their seeds (correlation 0.8), all exactly 3": Scenario(
        _shared(np.full(60, 3.0)), _mean_square, False, (2.4, 2.4), (2.4, 2.4)
    ),
    "some of 5 directions differs by 3, all at 3": Scenario(
        _deviations(np.full(5, 3.0), 3.0), _differs, False, (0, 0), (1.8, 2.5)
    ),
    "the same, one layer 15": Scenario(
        _deviations(15 * np.eye(5)[0], 3.0), _differs, True, (0, 0), (92, 99)
    ),
}


def rates(scenario: Scenario, scheme: Scheme, runs: int, seeds: int, repeats: int) -> Counter[str]:
    """Percentages of verdicts over so many draws."""
    random = np.random.default_rng([runs, seeds, repeats])
    found = Counter(
        scenario.decide(scenario.draw(random, seeds, repeats), scheme) for _ in range(runs)
    )
    return Counter({verdict: 100 * count / runs for verdict, count in found.items()})

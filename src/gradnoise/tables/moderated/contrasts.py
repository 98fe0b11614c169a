"""Weighted sums of percentages of layers and batch sizes ("cells"), for two scopes.

*These networks* are the ones measured: what varies is the repeat of the draws. *The architecture* is the next training
seed: what varies is the seed. Percentages p of many cells vary as p(1 - p), times a factor that cells of one layer
(repeats) or of one class of layers (seeds) share: few seeds then do not mean wide intervals.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradnoise.tables.moderated.moderation import fit_prior, moderate

Array = NDArray[np.float64]

Scope = Literal["these networks", "the architecture"]

NETWORKS: Scope = "these networks"

ARCHITECTURE: Scope = "the architecture"

PRIOR = 30.0  # degrees of freedom that a prior has at most


class Estimates(NamedTuple):
    """Arrays (m,): means, their standard errors, and degrees of freedom of Student's t."""

    value: Array
    error: Array
    degrees: Array


@dataclass(frozen=True, eq=False)
class Cells:
    """Percentages of K cells, measured with S seeds and R repeats.

    Attributes:
        percentages: float64 (S, R, K), 0 to 100.
        layer: int64 (K,), the layer of each cell.
        kind: int64 (K,), the class of its layer (convolution, linear, ...).
        coordinates: float64 (K,), how many were tested.
        within: float64 (K,), mean over coordinates of the variance of passing over repeats, 0 to 1/4; 0 where it is
            unknown.
        hidden: float64 (K,), variance in squared points that the choice of coordinates adds and repeats do not show
            (see `sampling`); 0 where unknown.
    """

    percentages: Array
    layer: NDArray[np.int64]
    kind: NDArray[np.int64]
    coordinates: Array
    within: Array
    hidden: Array

    @property
    def expected(self) -> Array:
        """(K,), p(1 - p) in squared points; p at least one of the tested coordinates away from 0 and 100."""
        share = self.percentages.mean(axis=(0, 1)) / 100
        least = 1 / np.maximum(self.coordinates, 2)
        share = np.clip(share, least, 1 - least)
        return 1e4 * share * (1 - share)


def estimate(cells: Cells, weights: Array, scope: Scope) -> Estimates:
    """Contrasts of percentages with their errors.

    Args:
        cells: the measured percentages.
        weights: (K, m), a column for each contrast.
        scope: what the errors speak of.

    Returns:
        Arrays (m,), in points. Errors are NaN where nothing was repeated.
    """
    if scope == ARCHITECTURE:
        return _over_seeds(cells, weights)
    seeds, repeats, _ = cells.percentages.shape
    value = cells.percentages.mean(axis=(0, 1)) @ weights
    variance = _of_a_repeat(cells, weights) / (repeats * seeds)
    pooled = np.where(_layers(cells, weights) > 2, 1, _fewest_cells(cells, weights))
    degrees = seeds * (repeats - 1.0) * pooled
    if repeats < 2:
        variance = np.full_like(value, np.nan)
    return Estimates(value, np.sqrt(variance), degrees)


def repeat_factors(cells: Cells) -> Array:
    """(K,), variance over repeats as a factor of p(1 - p), pooled over each layer's cells and seeds.

    Never less than coordinates that pass independently of each other have, nor than a single coordinate makes: ties
    of few coordinates are no certainty.
    """
    repeats, expected = cells.percentages.shape[1], cells.expected
    if repeats > 1:
        found = cells.percentages.var(axis=1, ddof=1).mean(axis=0)
    else:
        found = np.zeros_like(expected)
    # One coordinate of C that passes in one of C draws.
    least = np.maximum(1e4 * cells.within, 1e4 / cells.coordinates) / cells.coordinates
    factors = _by_layer(cells, found / expected)
    return np.maximum(factors, _by_layer(cells, least / expected))


def _of_a_repeat(cells: Cells, weights: Array) -> Array:
    """(m,), variance over repeats of one network's contrast.

    Contrasts of the same layers share the factor by which their variance differs from that of independent cells,
    which is never taken to be below 1.
    """
    repeats = cells.percentages.shape[1]
    pooled = (weights**2).T @ (cells.expected * repeat_factors(cells))
    if repeats < 2:
        return np.asarray(pooled)
    own = (cells.percentages @ weights).var(axis=1, ddof=1).mean(axis=0)
    return pooled * np.maximum(1.0, _shared(cells, weights, own / pooled))


def _over_seeds(cells: Cells, weights: Array) -> Estimates:
    """The next seed's: variances over seeds, moderated within the classes of layers."""
    seeds, repeats, _ = cells.percentages.shape
    by_seed = cells.percentages.mean(axis=1)
    values = by_seed @ weights
    expected = cells.expected
    degrees = seeds - 1
    if not degrees:
        nothing = np.full(weights.shape[1], np.nan)
        return Estimates(values.mean(axis=0), nothing, np.zeros_like(nothing))
    least = repeat_factors(cells) / repeats + _by_layer(cells, cells.hidden / expected)
    scaled = np.maximum(by_seed.var(axis=0, ddof=1) / expected, least)
    own, scale = values.var(axis=0, ddof=1), (weights**2).T @ expected
    floor = _of_a_repeat(cells, weights) / repeats + _hidden(cells, weights)
    prior_degrees, prior = _prior(cells, weights, scaled, own / scale)
    variance = moderate(own, degrees, prior_degrees, prior)
    variance = np.maximum(variance, scale * _shared(cells, weights, own / scale))
    error = np.sqrt(np.maximum(variance, floor) / seeds)
    return Estimates(values.mean(axis=0), error, degrees + prior_degrees)


def _prior(cells: Cells, weights: Array, scaled: Array, own: Array) -> tuple[Array, Array]:
    """Degrees of freedom and variance, (m,), that the classes of a contrast's layers give it before it is seen.

    A class is known by its cells and by the contrasts within it. Its layers share their seeds: with S seeds and L layers
    there are at most (S - 1)(L - 1) degrees.

    Args:
        cells, weights: as `estimate`.
        scaled: (K,), variance of each cell over seeds, over p(1 - p).
        own: (m,), that of each contrast, over the sum of its cells'.
    """
    seeds = len(cells.percentages)
    degrees, prior = np.full(weights.shape[1], PRIOR), np.zeros(weights.shape[1])
    for kind in np.unique(cells.kind):
        mine = cells.kind == kind
        layers = len(np.unique(cells.layer[mine]))
        within = (weights[~mine] == 0).all(axis=0)
        found = np.concatenate([scaled[mine], own[within]])
        d0, scale = fit_prior(found, seeds - 1, min(PRIOR, (seeds - 1.0) * (layers - 1)))
        part = (weights[mine] ** 2).T @ cells.expected[mine]
        prior += part * scale
        degrees = np.where(part > 0, np.minimum(degrees, d0), degrees)
    # What the layers of a seed have in common adds up in sums over many of them.
    return np.where(_layers(cells, weights) > 2, 0.0, degrees), prior


def _shared(cells: Cells, weights: Array, values: Array) -> Array:
    """(m,), values averaged over the contrasts of the same layers."""
    _, group = np.unique(_touched(cells, weights), axis=0, return_inverse=True)
    group = group.ravel()
    return (np.bincount(group, values) / np.bincount(group))[group]


def _touched(cells: Cells, weights: Array) -> NDArray[np.bool_]:
    """(m, layers), which layers a contrast is about."""
    layers = np.unique(cells.layer)
    return np.stack([(weights[cells.layer == one] != 0).any(axis=0) for one in layers], axis=1)


def _layers(cells: Cells, weights: Array) -> Array:
    """(m,), how many layers a contrast is about."""
    return _touched(cells, weights).sum(axis=1).astype(float)


def _by_layer(cells: Cells, values: Array) -> Array:
    """(K,), values averaged over each layer's cells."""
    _, place = np.unique(cells.layer, return_inverse=True)
    return (np.bincount(place, values) / np.bincount(place))[place]


def _fewest_cells(cells: Cells, weights: Array) -> Array:
    """(m,), cells of the contrast's layer that has the fewest of them: what its variance is pooled over."""
    _, place, counts = np.unique(cells.layer, return_inverse=True, return_counts=True)
    each = np.where(weights != 0, counts[place][:, None], np.iinfo(np.int64).max)
    return np.asarray(each.min(axis=0), float)


def _hidden(cells: Cells, weights: Array) -> Array:
    """(m,), what the choice of coordinates adds at least: a layer's cells have theirs in common."""
    roots = np.sqrt(cells.hidden)[:, None] * weights
    sums = np.stack([roots[cells.layer == one].sum(axis=0) for one in np.unique(cells.layer)])
    return np.asarray((sums**2).sum(axis=0))

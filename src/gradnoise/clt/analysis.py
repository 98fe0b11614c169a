"""The clt stage: how fast a layer's noise becomes Gaussian, bounded and exact.

From the moments of the per-sample gradients follow the Berry-Esseen bound and the leading Edgeworth term;
from the per-sample gradients themselves the exact distance, B*, the noise scale, and what pass rates are predicted
from and held against at any level of the test (`prediction`).
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradnoise import stage
from gradnoise.clt.exact.distance import RELATIVE, Law
from gradnoise.clt.gaussian_batch_size import crossing, gaussian_batch_size
from gradnoise.clt.held_out import blocks, held_out
from gradnoise.clt.inputs import LayerInputs
from gradnoise.clt.noise_scale import noise_scale
from gradnoise.clt.results import Analysis
from gradnoise.clt.settings import Settings
from gradnoise.clt.summary import (
    ROUNDING,
    bounds,
    log_spread,
    quantiles,
    summarise,
)
from gradnoise.clt.value_classes import Frequencies, frequencies
from gradnoise.draws.streams import Stream, generator
from gradnoise.gradients.columns import read_columns
from gradnoise.store.variables import quantile_names

Floats = NDArray[np.float64]


class ExactDistances(NamedTuple):
    """Exact distances of E coordinates.

    Attributes:
        position: int64 (E,), their places among all.
        distance: float64 (S, E); NaN for constant coordinates.
        reached: float64 (E,), batch size at which the distance falls below the one asked for.
    """

    position: NDArray[np.int64]
    distance: Floats
    reached: Floats


def analyse(layer: LayerInputs, settings: Settings) -> Analysis:
    """Everything that the moments, and the gradients where they are stored, allow to say of a layer."""
    coordinates: dict[str, NDArray[Any]] = {"index": layer.index}
    if not layer.moments:
        return Analysis(coordinates, {}, {})
    shapes = layer.shapes
    coordinates |= {**layer.moments, **shapes}
    numbers = _quantile_numbers(shapes)
    exact, apart = None, None
    if layer.gradients is not None:
        exact = exact_distances(layer.gradients, settings)
        found = _frequencies(layer.gradients)
        coordinates |= {
            "exact_position": exact.position,
            "exact_distance": exact.distance,
            "reached": exact.reached,
            "distinct": found.distinct,
            "largest_share": found.largest_share,
        }
        numbers |= _scales(layer.gradients, exact.reached, settings.share)
        apart = held_out(layer.gradients, settings, settings.parameter)
        coordinates["value_class"] = apart.classes
    measured = (exact.position, exact.distance) if exact else None
    limits = bounds(shapes, settings.batch_sizes)
    tables = {"summary": summarise(limits, measured, settings.batch_sizes)}
    return Analysis(coordinates, tables, numbers, apart)


def exact_distances(gradients: Any, settings: Settings) -> ExactDistances:
    """Exact distances of some coordinates, drawn at random, and where each reaches `settings.distance`.

    Args:
        gradients: float32 (N, C), an array or a Zarr array, of which the chosen columns are read.
        settings: batch sizes, how many coordinates, and the seed that chooses them.
    """
    sizes, count = settings.batch_sizes, gradients.shape[1]
    random = generator(settings.seed, Stream.EXACT, settings.parameter)
    # The first of one permutation: more coordinates keep those that fewer would have.
    chosen = np.sort(random.permutation(count)[: min(settings.exact_coordinates, count)])
    found = np.full((len(sizes), len(chosen)), np.nan)
    reached = np.full(len(chosen), np.nan)
    series = read_columns(gradients, chosen).T
    for place, values in enumerate(stage.progress(series, "exact distances", total=len(chosen))):
        if values.min() == values.max():
            continue
        law = Law(values)
        found[:, place] = [law.distance(size, RELATIVE).distance for size in sizes]
        largest = int(np.argmax(sizes))
        start = float(sizes[largest]), float(found[largest, place])
        reached[place] = crossing(law, settings.distance, *start)
    return ExactDistances(chosen, found, reached)


def _scales(gradients: Any, reached: Floats, share: float) -> dict[str, float]:
    """B* and the noise scale, with their uncertainty. Constant coordinates have no B*."""
    best = gaussian_batch_size(reached[~np.isnan(reached)], share)
    scale = noise_scale(gradients)
    return {
        "gaussian_batch_size": best.value,
        "gaussian_batch_size_lower": best.lower,
        "gaussian_batch_size_upper": best.upper,
        "noise_scale": scale.value,
        "noise_scale_error": scale.standard_error,
    }


def _quantile_numbers(shapes: Mapping[str, Floats]) -> dict[str, float]:
    numbers: dict[str, float] = {}
    rho, root = shapes["rho"], np.sqrt(shapes["excess_kurtosis"] + 3)
    # Cauchy and Schwarz: E|z|^3 <= sqrt(E z^4 E z^2), an equality for |z| of one value besides zero.
    tightness = rho / root
    named = {"rho": rho, "root_kurtosis": root, "rho_over_root_kurtosis": tightness}
    for name, values in named.items():
        numbers |= dict(zip(quantile_names(name), quantiles(values), strict=True))
    numbers["log_rho_spread"], numbers["log_rho_spread_error"] = log_spread(rho)
    numbers["inequality_violations"] = float(np.sum(tightness > 1 + ROUNDING))
    return numbers


def _frequencies(gradients: Any) -> Frequencies:
    parts = [frequencies(read_columns(gradients, c)) for c in blocks(*gradients.shape[::-1])]
    return Frequencies(*(np.concatenate(each) for each in zip(*parts, strict=True)))

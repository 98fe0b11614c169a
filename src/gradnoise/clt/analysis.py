"""The clt stage: how fast a layer's noise becomes Gaussian, bounded, exact and predicted.

From the moments of the per-sample gradients follow the Berry-Esseen bound and the leading Edgeworth term;
from the per-sample gradients themselves the exact distance, B*, the noise scale, and the pass rates that
the central limit theorem alone predicts, held against batches of other samples.
"""

import logging
from collections.abc import Mapping
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray

from gradnoise import stage
from gradnoise.clt import prediction
from gradnoise.clt.exact_distance import exact_ks
from gradnoise.clt.gaussian_batch_size import crossing, gaussian_batch_size
from gradnoise.clt.noise_scale import noise_scale
from gradnoise.clt.summary import (
    QUANTILES,
    Layer,
    _quantiles,
    bounds,
    summarise,
    third_moment_correlations,
)
from gradnoise.clt.value_classes import Frequencies, frequencies
from gradnoise.draws.streams import Stream, generator

log = logging.getLogger(__name__)


Floats = NDArray[np.float64]


def exact_distances(
    gradients: Any, chosen: NDArray[np.int64], batch_sizes: list[int], distance: float
) -> tuple[Floats, Floats]:
    """Exact distances (S, chosen) and the batch size at which each coordinate reaches `distance`.

    Constant coordinates have none: NaN.
    """
    found = np.full((len(batch_sizes), len(chosen)), np.nan)
    reached = np.full(len(chosen), np.nan)
    columns: Any = gradients.oindex if isinstance(gradients, zarr.Array) else gradients
    series = columns[:, chosen].T
    for place, values in enumerate(stage.progress(series, "exact distances", total=len(chosen))):
        if values.min() == values.max():
            continue
        found[:, place] = [exact_ks(values, size) for size in batch_sizes]
        largest = int(np.argmax(batch_sizes))
        start = float(batch_sizes[largest]), float(found[largest, place])
        reached[place] = crossing(values, distance, *start)
    return found, reached


def analyse(
    layer: Layer, settings: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any], dict]:
    """Everything that the moments, and the gradients where they are stored, allow to say of a layer.

    Args:
        layer: what earlier stages found.
        settings: `parameter`, `batch_sizes`, `batches`, `repeats`, `sampling`, `significance`, `seed`,
            `exact_coordinates`, `distance`, `share`.

    Returns:
        Arrays by coordinate, tables, and numbers that stand for the layer, as `clt_file.write` takes them.
    """
    coordinates: dict[str, Any] = {"index": layer.index}
    if not layer.moments:
        return coordinates, {}, {}
    shapes, sizes = layer.shapes, list(settings["batch_sizes"])
    limits = bounds(shapes, sizes)
    coordinates |= {**layer.moments, **shapes}
    numbers = _quantile_numbers(shapes)
    chosen, exact, found = np.empty(0, np.int64), None, None
    tables: dict[str, Any] = {}
    if layer.gradients is not None:
        random = generator(settings["seed"], Stream.EXACT, settings["parameter"])
        count = min(settings["exact_coordinates"], len(layer.index))
        chosen = np.sort(random.permutation(len(layer.index))[:count])
        exact, reached = exact_distances(layer.gradients, chosen, sizes, settings["distance"])
        coordinates |= {"exact_position": chosen, "exact_distance": exact, "reached": reached}
        best = gaussian_batch_size(reached[~np.isnan(reached)], settings["share"])
        scale = noise_scale(layer.gradients)
        found = _frequencies(layer.gradients)
        coordinates |= {"distinct": found.distinct, "largest_share": found.largest_share}
        numbers |= {
            "gaussian_batch_size": best.value,
            "gaussian_batch_size_lower": best.lower,
            "gaussian_batch_size_upper": best.upper,
            "noise_scale": scale.value,
            "noise_scale_error": scale.standard_error,
        }
        tables |= _predictions(layer, shapes, found, settings, coordinates)
    tables["summary"] = summarise(limits, exact, chosen, sizes)
    tables["correlations"] = third_moment_correlations(layer, shapes, found, settings)
    return coordinates, tables, numbers


def _quantile_numbers(shapes: Mapping[str, Floats]) -> dict[str, float]:
    numbers = {}
    roots = {"rho": shapes["rho"], "root_kurtosis": np.sqrt(shapes["excess_kurtosis"] + 3)}
    for name, values in roots.items():
        for q, value in zip(QUANTILES, _quantiles(values), strict=True):
            numbers[f"{name}_q{q:02}"] = value
    return numbers


def _frequencies(gradients: Any) -> Frequencies:
    parts = [
        frequencies(np.asarray(gradients[:, c])) for c in prediction.blocks(gradients.shape[1])
    ]
    return Frequencies(*(np.concatenate(each) for each in zip(*parts, strict=True)))


def _predictions(
    layer: Layer,
    shapes: Mapping[str, Floats],
    found: Frequencies,
    settings: Mapping[str, Any],
    coordinates: dict[str, Any],
) -> dict[str, NDArray[Any]]:
    """Held-out and same-sample predictions, as tables; the held-out ones by coordinate too."""
    design = prediction.Design(
        list(settings["batch_sizes"]),
        list(settings["batches"]),
        int(settings["repeats"]),
        settings["sampling"],
        float(settings["significance"]),
        int(settings["seed"]),
    )
    apart = prediction.held_out(layer.gradients, design, settings["parameter"])
    coordinates |= {
        "held_out_predicted": apart.predicted,
        "held_out_passed": apart.passed.mean(axis=2),
        "value_class": apart.classes,
    }
    moments = shapes["skewness"], shapes["excess_kurtosis"]
    same = prediction.same_samples(moments, found, layer.pvalues, design, layer.samples)
    return {
        "prediction": prediction.summarise(apart, design),
        "prediction_same_samples": prediction.summarise(same, design),
        "calibration": prediction.calibration(apart, design),
    }

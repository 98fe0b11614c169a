"""The clt stage: how fast a layer's noise becomes Gaussian, bounded, exact and predicted.

From the moments of the per-sample gradients follow the Berry-Esseen bound and the leading Edgeworth term;
from the per-sample gradients themselves the exact distance, B*, the noise scale, and the pass rates that
the central limit theorem alone predicts, held against batches of other samples.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import zarr
from numpy.typing import NDArray

from gradnoise import clt_file, prediction, stage
from gradnoise.berry_esseen import berry_esseen_bound, edgeworth_distance
from gradnoise.blocks import without_linear_algebra
from gradnoise.draws import Stream, generator
from gradnoise.exact_distance import exact_ks
from gradnoise.gaussian_batch_size import crossing, gaussian_batch_size
from gradnoise.noise_scale import noise_scale
from gradnoise.pass_rate import predicted_pass_rate
from gradnoise.rank_correlation import spearman
from gradnoise.store import open_store
from gradnoise.stored_gradients import open_gradients
from gradnoise.value_classes import Frequencies, frequencies

__all__ = ["berry_esseen_bound", "exact_ks", "predicted_pass_rate"]

log = logging.getLogger(__name__)

Floats = NDArray[np.float64]

MOMENTS = ("mean", "variance", "third_absolute", "third", "fourth")
QUANTILES = (5, 25, 50, 75, 95)
ROUNDING = 1e-4  # by which a distance computed from a lattice may exceed a bound


@dataclass(frozen=True)
class Layer:
    """Moments, per-sample gradients and measured tests of one layer.

    Attributes:
        gradients: (N, C) Zarr array or NumPy array, or None where they were not stored.
        moments: `mean`, `variance`, `third_absolute`, `third`, `fourth`, (C,) each; empty where none exist.
        samples: number of samples N.
        index: flat indices of the coordinates, (C,).
        pvalues: (S, K, R, C).
    """

    gradients: Any
    moments: Mapping[str, Floats]
    samples: int
    index: NDArray[np.int64]
    pvalues: Floats

    @property
    def shapes(self) -> dict[str, Floats]:
        """Standardised moments, NaN for constant coordinates: `rho`, `skewness`, `excess_kurtosis`."""
        variance = np.where(self.moments["variance"] > 0, self.moments["variance"], np.nan)
        return {
            "rho": self.moments["third_absolute"] / variance**1.5,
            "skewness": self.moments["third"] / variance**1.5,
            "excess_kurtosis": self.moments["fourth"] / variance**2 - 3,
        }


def bounds(shapes: Mapping[str, Floats], batch_sizes: list[int]) -> dict[str, Floats]:
    """Best Berry-Esseen bound and Edgeworth's leading term, (S, C) each."""
    sizes = np.array(batch_sizes)[:, None]
    # Moments are rounded: a two-point law's rho of exactly 1 may come out a trifle below.
    rho = np.maximum(shapes["rho"], 1.0)
    return {
        "bound": berry_esseen_bound(rho, sizes),
        "edgeworth": edgeworth_distance(shapes["skewness"], sizes),
    }


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


def summarise(
    limits: Mapping[str, Floats],
    exact: Floats | None,
    chosen: NDArray[np.int64],
    batch_sizes: list[int],
) -> NDArray[Any]:
    """One row per batch size: quantiles over coordinates, and the bound against the exact distance."""
    names = ("bound", "edgeworth", "exact")
    fields: list[tuple[str, Any]] = [("batch_size", np.int64)]
    fields += [(f"{name}_q{q:02}", np.float64) for name in names for q in QUANTILES]
    fields += [
        ("exact_over_bound", np.float64),
        ("violations", np.int64),
        ("exact_count", np.int64),
    ]
    rows = np.full(len(batch_sizes), np.zeros((), fields))
    for s, size in enumerate(batch_sizes):
        row = rows[s]
        row["batch_size"] = size
        values = {**{name: limits[name][s] for name in limits}, "exact": np.empty(0)}
        row["exact_over_bound"] = np.nan
        if exact is not None:
            values["exact"], bound = exact[s], limits["bound"][s, chosen]
            live = ~np.isnan(exact[s])
            row["exact_count"] = live.sum()
            row["violations"] = np.sum(exact[s, live] > bound[live] + ROUNDING)
            if live.any():
                row["exact_over_bound"] = np.median(exact[s, live] / bound[live])
        for name in names:
            for q, value in zip(QUANTILES, _quantiles(values[name]), strict=True):
                row[f"{name}_q{q:02}"] = value
    return rows


def _quantiles(values: Floats) -> list[float]:
    present = values[~np.isnan(values)]
    return [float(q) for q in np.percentile(present, QUANTILES)] if present.size else [np.nan] * 5


def third_moment_correlations(
    layer: Layer,
    shapes: Mapping[str, Floats],
    found: Frequencies | None,
    settings: Mapping[str, Any],
) -> NDArray[Any]:
    """Within the layer: Spearman correlation of rho and the share of repeats passed, plain and partial.

    Partial: given the coordinate's scale and, where per-sample gradients are stored, the share of its most
    frequent value. One row per batch size and number of batches, over coordinates that are not constant.
    """
    fields: list[tuple[str, Any]] = [("batch_size", np.int64), ("batches", np.int64)]
    fields += [("spearman_rho", np.float64), ("partial_spearman_rho", np.float64)]
    sizes, counts = settings["batch_sizes"], settings["batches"]
    rows = np.zeros((len(sizes), len(counts)), fields)
    live = np.flatnonzero(~np.isnan(shapes["rho"]))
    given = [layer.moments["variance"][live]]
    if found is not None:
        given.append(found.largest_share[live])
    for s, size in enumerate(sizes):
        for k, n in enumerate(counts):
            passed = (layer.pvalues[s, k][:, live] >= settings["significance"]).mean(axis=0)
            pair = shapes["rho"][live], passed
            rows[s, k] = size, n, spearman(*pair), spearman(*pair, given)
    return rows.ravel()


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


def read(
    gradients: Path, moments: Path, gaussianity: Path, parameter: str
) -> tuple[Layer, dict[str, Any]]:
    """Open what earlier stages found of one parameter, and what they say of it."""
    root = open_store(moments)
    found = {}
    if parameter in root:
        found = {name: np.asarray(root[f"{parameter}/{name}"][...]) for name in MOMENTS}  # type: ignore[index]
    with h5py.File(gaussianity) as file:
        pvalues = np.asarray(file["coordinates/pvalue"][...])
        index = np.asarray(file["coordinates/index"][...])
        attributes: dict[str, Any] = dict(file.attrs)
    array, _ = open_gradients(gradients, parameter, index)
    about: dict[str, Any] = root.attrs.asdict()
    attributes |= {"moments": about["strategy"], "moments_reason": about.get("reason", "")}
    return Layer(array, found, int(about["sample_count"]), index, pvalues), attributes


def main() -> None:
    """Stage: gradients, moments and tests of one parameter to one HDF5 file."""
    arguments = stage.parse(
        "How fast a layer's noise becomes Gaussian.", inputs=("gradients", "moments", "gaussianity")
    )
    settings = arguments.settings
    paths = arguments.gradients, arguments.moments, arguments.gaussianity
    layer, attributes = read(*paths, settings["parameter"])
    coordinates, tables, numbers = analyse(layer, settings)
    clt_file.write(arguments.output, coordinates, tables, {**attributes, **numbers})


if __name__ == "__main__":
    with without_linear_algebra():
        stage.run(main)

"""What stands for a layer: rows by batch size, and the correlation of third moments with passing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradnoise.clt.berry_esseen import berry_esseen_bound, edgeworth_distance
from gradnoise.clt.rank_correlation import spearman
from gradnoise.clt.value_classes import Frequencies

Floats = NDArray[np.float64]


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

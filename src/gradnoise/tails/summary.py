"""What stands for a layer's tails: one row per batch size, repeat and method; one per batch size and repeat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gradnoise.gaussianity.populations import Coordinate
from gradnoise.tails.columns import rows_of
from gradnoise.tails.stable.index import ESTIMATORS

if TYPE_CHECKING:
    from gradnoise.tails.null import Null

AT_TWO = 1.98  # from here on an index counts as 2


QUANTILES = {"q05": 0.05, "q25": 0.25, "median": 0.5, "q75": 0.75, "q95": 0.95}


BINS = 60  # of a histogram, over the limits of its method


Fields = Mapping[str, NDArray[Any]]


Floats = NDArray[np.float64]


def spread(coordinates: int, most: int) -> NDArray[np.int64]:
    """Positions of at most `most` of so many coordinates, evenly spread from the first to the last.

    Neighbours belong to one unit or class: a stretch of them says nothing of the layer.
    """
    chosen = np.linspace(0, coordinates - 1, min(coordinates, most))
    return np.unique(chosen.round().astype(np.int64))


def count(alpha: NDArray[Any], edges: Floats) -> NDArray[np.int64]:
    """Indices in bins; what lies outside is in the outer ones."""
    inside = np.clip(alpha.astype(np.float64), edges[0], edges[-1])
    return np.histogram(inside, edges)[0].astype(np.int64)


def describe_indices(alpha: NDArray[Any]) -> dict[str, float]:
    """Mean, deviation, quantiles and the share at 2 of indices, (m,); NaN for none."""
    if not alpha.size:
        return dict.fromkeys(["mean", "sd", *QUANTILES, "share_at_2"], float("nan"))
    values = alpha.astype(np.float64)
    quantiles = np.quantile(values, list(QUANTILES.values()))
    return {
        "mean": float(values.mean()),
        "sd": float(values.std(ddof=1)) if values.size > 1 else float("nan"),
        **dict(zip(QUANTILES, quantiles.tolist(), strict=True)),
        "share_at_2": float(np.mean(values >= AT_TWO)),
    }


def summarise(
    indices: Mapping[str, Fields],
    classes: NDArray[np.uint8],
    pvalues: Floats,
    null: Null,
    batch_sizes: Sequence[int],
    batches: int,
    repeats: Sequence[int],
    significance: float,
) -> NDArray[Any]:
    """One row for each batch size, repeat and method.

    `alpha_*` are over the LIVE coordinates that converged, `share_converged` is of the LIVE; `null_*` are of the same
    estimator on Gaussian series of as many batches, with `null_error` the standard error of the null's mean
    from the number of simulated series. `null_minus_mean` and `null_minus_median` are the null's less the
    measured. Coordinates share their batches: no error over coordinates is given, intervals are formed over
    repeats. `alpha_rejected_mean` and `null_rejected_mean` are over the coordinates, and Gaussian series, that
    Shapiro-Wilk rejects.

    Args:
        indices: by method `alpha` and `converged`, (S, R, C).
        classes: (S, R, C), of `Coordinate`.
        pvalues: (S, R, C), of the Shapiro-Wilk test.
        null: of as many batches.
        batch_sizes: S of them.
        batches: n.
        repeats: R of them.
        significance: level of the test.

    Returns:
        Structured array of S * R * methods rows, as `columns.JUDGED_TABLES` says.
    """
    rows = []
    for (s, size), (r, repeat) in product(enumerate(batch_sizes), enumerate(repeats)):
        live = classes[s, r] == Coordinate.LIVE
        rejected = live & (pvalues[s, r] < significance)
        drawn = {"batch_size": size, "batches": batches, "repeat": repeat}
        for method, fields in indices.items():
            alpha, converged = fields["alpha"][s, r], fields["converged"][s, r]
            found = _compare(alpha, converged, live, rejected, null, method)
            rows.append({**drawn, "method": method, **found})
    return rows_of("summary", rows)


def _compare(
    alpha: NDArray[Any],
    converged: NDArray[np.bool_],
    live: NDArray[np.bool_],
    rejected: NDArray[np.bool_],
    null: Null,
    method: str,
) -> dict[str, Any]:
    """One cell's indices, (C,), beside those of Gaussian series."""
    measured = describe_indices(alpha[live & converged])
    expected = describe_indices(null.alpha[method])
    return {
        "coordinates": live.size,
        "live": int(np.sum(live)),
        "rejected": int(np.sum(rejected)),
        "share_converged": _mean(converged[live]),
        **{f"alpha_{name}": value for name, value in measured.items()},
        **{f"null_{name}": value for name, value in expected.items()},
        "null_error": expected["sd"] / max(1, null.alpha[method].size) ** 0.5,
        "null_minus_mean": expected["mean"] - measured["mean"],
        "null_minus_median": expected["median"] - measured["median"],
        "alpha_rejected_mean": _mean(alpha[rejected & converged]),
        "null_rejected_mean": _mean(null.rejected[method]),
    }


def histograms(
    fields: Fields,
    classes: NDArray[np.uint8],
    pvalues: Floats,
    null: Null,
    method: str,
    significance: float,
) -> dict[str, NDArray[Any]]:
    """Counts of a method's indices in bins over its estimator's limits; what lies outside is in the outer bins.

    Returns:
        `edges` of the 60 bins; `live` and `rejected`, (S, R, 60), of the LIVE coordinates that converged and the
        rejected of them; `null` and `null_rejected`, (60,), of Gaussian series.
    """
    edges = np.linspace(*ESTIMATORS[method].limits, BINS + 1)
    live = (classes == Coordinate.LIVE) & fields["converged"]
    chosen = {"live": live, "rejected": live & (pvalues < significance)}
    counts = {
        name: np.array(
            [
                [count(fields["alpha"][s, r][where[s, r]], edges) for r in range(where.shape[1])]
                for s in range(where.shape[0])
            ]
        )
        for name, where in chosen.items()
    }
    return {
        "edges": edges,
        **counts,
        "null": count(null.alpha[method], edges),
        "null_rejected": count(null.rejected[method], edges),
    }


def example_roles(
    alpha: NDArray[Any],
    converged: NDArray[np.bool_],
    live: NDArray[np.bool_],
    rejected: NDArray[np.bool_],
) -> dict[str, int]:
    """Which coordinate of a cell plays which role; a role that nobody plays is left out.

    Args:
        alpha, converged, live, rejected: (C,).

    Returns:
        Positions of the `lowest`, `median` and `highest` index among the live, and of the `rejected` one whose
        index is nearest 1.5.
    """
    candidates = np.flatnonzero(live & converged)
    roles = {}
    if candidates.size:
        order = candidates[np.argsort(alpha[candidates], kind="stable")]
        roles["lowest"] = int(order[0])
        roles["median"] = int(order[order.size // 2])
        roles["highest"] = int(order[-1])
    failing = np.flatnonzero(live & converged & rejected)
    if failing.size:
        roles["rejected"] = int(failing[np.argmin(np.abs(alpha[failing] - 1.5))])
    return roles


def _mean(values: NDArray[Any]) -> float:
    return float(np.mean(values, dtype=np.float64)) if values.size else float("nan")

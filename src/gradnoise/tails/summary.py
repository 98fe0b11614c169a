"""What stands for a layer's tails: one row per batch size, repeat and method; one per batch size and repeat."""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradnoise.gaussianity.kernels import Coordinate
from gradnoise.tails.null import Null
from gradnoise.tails.stable.index import METHODS

AT_TWO = 1.98  # from here on an index counts as 2


QUANTILES = {"q05": 0.05, "q25": 0.25, "median": 0.5, "q75": 0.75, "q95": 0.95}


EDGES = np.linspace(0.5, 2.0, 61)  # of the histograms' bins


_DESCRIPTION = ["mean", "sd", *QUANTILES, "share_at_2"]


COLUMNS: dict[str, Any] = {
    "batch_size": np.int64,
    "batches": np.int64,
    "repeat": np.int64,
    "method": f"S{max(map(len, METHODS))}",
    "coordinates": np.int64,
    "live": np.int64,
    "rejected": np.int64,
    "share_converged": np.float64,
    **{f"alpha_{name}": np.float64 for name in _DESCRIPTION},
    **{f"null_{name}": np.float64 for name in _DESCRIPTION},
    "null_error": np.float64,
    "null_minus_mean": np.float64,
    "null_minus_median": np.float64,
    "alpha_rejected_mean": np.float64,
    "null_rejected_mean": np.float64,
}


NORM_COLUMNS: dict[str, Any] = {
    "batch_size": np.int64,
    "batches": np.int64,
    "repeat": np.int64,
    "pooled_mohammadi": np.float64,
    "pooled_predicted": np.float64,
    "pooled_null": np.float64,
    "pooled_block": np.int64,
    **{
        f"norm_{shape}{kind}": np.float64
        for shape in ("skewness", "excess_kurtosis", "tail_ratio")
        for kind in ("", "_null", "_null_sd", "_correlated_null", "_correlated_null_sd")
    },
}


Fields = Mapping[str, NDArray[Any]]


Floats = NDArray[np.float64]


def describe_indices(alpha: NDArray[Any]) -> dict[str, float]:
    """Mean, deviation, quantiles and the share at 2 of indices, (m,); NaN for none."""
    if not alpha.size:
        return dict.fromkeys(_DESCRIPTION, float("nan"))
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
        Structured array of S * R * methods rows with the fields of `COLUMNS`.
    """
    rows = []
    for (s, size), (r, repeat) in product(enumerate(batch_sizes), enumerate(repeats)):
        live = classes[s, r] == Coordinate.LIVE
        rejected = live & (pvalues[s, r] < significance)
        for method, fields in indices.items():
            alpha, converged = fields["alpha"][s, r], fields["converged"][s, r]
            measured = describe_indices(alpha[live & converged])
            expected = describe_indices(null.alpha[method])
            row = {
                "batch_size": size,
                "batches": batches,
                "repeat": repeat,
                "method": method,
                "coordinates": live.size,
                "live": np.sum(live),
                "rejected": np.sum(rejected),
                "share_converged": _mean(converged[live]),
                **{f"alpha_{name}": value for name, value in measured.items()},
                **{f"null_{name}": value for name, value in expected.items()},
                "null_error": expected["sd"] / max(1, null.alpha[method].size) ** 0.5,
                "null_minus_mean": expected["mean"] - measured["mean"],
                "null_minus_median": expected["median"] - measured["median"],
                "alpha_rejected_mean": _mean(alpha[rejected & converged]),
                "null_rejected_mean": _mean(null.rejected[method]),
            }
            rows.append(tuple(row[name] for name in COLUMNS))
    return np.array(rows, np.dtype(list(COLUMNS.items())))


def histograms(
    fields: Fields,
    classes: NDArray[np.uint8],
    pvalues: Floats,
    null: Null,
    method: str,
    significance: float,
) -> dict[str, NDArray[np.int64]]:
    """Counts of a method's indices in the bins of `EDGES`; what lies below 0.5 is in the first bin.

    Returns:
        `live` and `rejected`, (S, R, 60), of the LIVE coordinates that converged and the rejected of them; `null`
        and `null_rejected`, (60,), of Gaussian series.
    """
    live = (classes == Coordinate.LIVE) & fields["converged"]
    chosen = {"live": live, "rejected": live & (pvalues < significance)}
    counts = {
        name: np.array(
            [
                [_count(fields["alpha"][s, r][where[s, r]]) for r in range(where.shape[1])]
                for s in range(where.shape[0])
            ]
        )
        for name, where in chosen.items()
    }
    return {
        **counts,
        "null": _count(null.alpha[method]),
        "null_rejected": _count(null.rejected[method]),
    }


def cast_tails(
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


def _count(alpha: NDArray[Any]) -> NDArray[np.int64]:
    inside = np.clip(alpha.astype(np.float64), EDGES[0], EDGES[-1])
    return np.histogram(inside, EDGES)[0].astype(np.int64)


def _mean(values: NDArray[Any]) -> float:
    return float(np.mean(values, dtype=np.float64)) if values.size else float("nan")

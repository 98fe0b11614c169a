"""Tables of the tails stage: their columns, declared once, and rows that have them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradnoise.store.variables import Variable
from gradnoise.tails.stable.index import METHODS

_BATCH_SIZE = Variable("batch_size", "mini-batch size", "samples")
_DRAWN = (
    _BATCH_SIZE,
    Variable("batches", "number of batches n in a series", "batches"),
    Variable("repeat", "repeat of the draws"),
)
# Of an index over coordinates, and over Gaussian series.
_DESCRIPTION = {
    "mean": "mean",
    "sd": "standard deviation",
    "q05": "5 % quantile",
    "q25": "25 % quantile",
    "median": "median",
    "q75": "75 % quantile",
    "q95": "95 % quantile",
    "share_at_2": "share from 1.98 on",
}
_SHAPES = {
    "skewness": "skewness",
    "excess_kurtosis": "excess kurtosis",
    "tail_ratio": "(q99.5 - q50) / (q75 - q25)",
}
_NULLS = {
    "": "of the noise's norm over batches",
    "_null": "of the norm of independent Gaussian coordinates of the same scales, mean",
    "_null_sd": "of the norm of independent Gaussian coordinates, standard deviation",
    "_correlated_null": "of the norm of Gaussian noise of the same covariance, mean",
    "_correlated_null_sd": "of the norm of Gaussian noise of the same covariance, deviation",
}

TABLES: dict[str, tuple[Variable, ...]] = {
    "summary": (
        *_DRAWN,
        Variable("method", "estimator of the tail index", ""),
        Variable("coordinates", "coordinates measured", "coordinates"),
        Variable("live", "live coordinates", "coordinates"),
        Variable("rejected", "live coordinates that Shapiro-Wilk rejects", "coordinates"),
        Variable("share_converged", "share of the live coordinates with an index"),
        *(
            Variable(f"alpha_{name}", f"tail index over live coordinates: {what}")
            for name, what in _DESCRIPTION.items()
        ),
        *(
            Variable(f"null_{name}", f"tail index of Gaussian series: {what}")
            for name, what in _DESCRIPTION.items()
        ),
        Variable("null_error", "standard error of null_mean"),
        Variable("null_minus_mean", "null_mean less alpha_mean"),
        Variable("null_minus_median", "null_median less alpha_median"),
        Variable("alpha_rejected_mean", "mean index of the coordinates that are rejected"),
        Variable("null_rejected_mean", "mean index of the Gaussian series that are rejected"),
    ),
    "norms": (
        *_DRAWN,
        Variable("pooled_mohammadi", "pooled tail index, as published: biased low"),
        Variable("pooled_predicted", "what the coordinates' scales alone make of it, by formula"),
        Variable("pooled_null", "what it is for Gaussian noise of the same scales"),
        Variable("pooled_block", "values in a block of the pooled index", "values"),
        *(
            Variable(f"norm_{shape}{null}", f"{name} {of}")
            for shape, name in _SHAPES.items()
            for null, of in _NULLS.items()
        ),
    ),
    "growth": (
        Variable("samples", "per-sample gradients", "samples"),
        Variable("coordinates", "chosen coordinates that vary", "coordinates"),
        Variable("kurtosis_exponent", "exponent of kurtosis in the number of samples"),
        Variable("kurtosis_error", "its standard error"),
        Variable("rho_exponent", "exponent of rho in the number of samples"),
        Variable("rho_error", "its standard error"),
        Variable(
            "dense_coordinates", "coordinates not zero for half of the samples", "coordinates"
        ),
        Variable("dense_kurtosis_exponent", "exponent of kurtosis over dense coordinates"),
        Variable("dense_kurtosis_error", "its standard error"),
        Variable("fourth_moment", "finite, infinite or undecided, by kurtosis_exponent", ""),
    ),
    "influence": (
        _BATCH_SIZE,
        Variable("top_samples", "samples that are called top", "samples"),
        Variable("third_share", "top samples' share of the sum of |g - Eg|^3, median"),
        Variable("third_signed_share", "top samples' share of the sum of (g - Eg)^3, median"),
        Variable("fourth_share", "top samples' share of the sum of (g - Eg)^4, median"),
        Variable("gaussian_third_share", "third_share of Gaussian gradients"),
        Variable("gaussian_fourth_share", "fourth_share of Gaussian gradients"),
        Variable("extreme_share", "top samples' share of the noise's extremes, median"),
        Variable("usual_share", "top samples' share of all the noise, median"),
        Variable("top_weight", "share of the weight that the top samples make"),
    ),
    "influence_classes": (
        Variable("label", "number of the class", ""),
        Variable("name", "name of the class", ""),
        Variable("share_samples", "class's share of the samples"),
        Variable("share_weight", "class's share of the weight"),
        Variable("share_top", "class's share of the top samples"),
    ),
}

# Bytes of texts, at least: the same for every layer.
_WIDTHS = {"method": max(map(len, METHODS)), "fourth_moment": len("undecided"), "name": 64}


def rows_of(table: str, rows: Sequence[Mapping[str, Any]]) -> NDArray[Any]:
    """Rows of one of TABLES: its columns in their order, int64, float64 or text that is never cut."""
    columns = {each.name: [row[each.name] for row in rows] for each in TABLES[table]}
    kinds: list[tuple[str, Any]] = []
    for name, values in columns.items():
        if isinstance(values[0], str):
            columns[name] = [value.encode() for value in values]
            kinds.append((name, f"S{max(_WIDTHS[name], *map(len, columns[name]))}"))
        else:
            kinds.append((name, np.float64 if isinstance(values[0], float) else np.int64))
    return np.array(list(zip(*columns.values(), strict=True)), kinds)

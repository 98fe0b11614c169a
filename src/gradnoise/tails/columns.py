"""What the file of the tails stage holds: arrays and tables, declared once, and rows that have the columns."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradnoise.store.variables import GRADIENT_UNITS, Variable
from gradnoise.tails.stable.index import DEFAULT, METHODS

REJECTED_METHODS = DEFAULT, "ml"  # of rejected coordinates alone; `ml` is what the paper fits

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

_CELL = ("batch_size", "repeat", "coordinate")
_CELL_BINS = ("batch_size", "repeat", "bin")
_EXAMPLE = ("example",)
_CHOSEN = ("chosen",)
_LEVEL = ("subset_size", "chosen")
_SIZED = ("batch_size", "chosen")

# By HDF5 group; the groups of the methods that were asked for. `samples` needs stored per-sample gradients.
ARRAYS: dict[str, tuple[Variable, ...]] = {
    "": (
        Variable("batch_sizes", "mini-batch sizes", "samples", ("batch_size",)),
        Variable("repeats", "numbers of the repeats of the draws", "1", ("repeat",)),
    ),
    "coordinates": (Variable("index", "flat index into the parameter", "1", ("coordinate",)),),
    **{
        f"coordinates/{method}": (
            Variable("alpha", f"tail index of the noise, by {method}", "1", _CELL),
            Variable("scale", f"stable scale of the noise, by {method}", GRADIENT_UNITS, _CELL),
            Variable("converged", f"whether {method} found an index", "", _CELL),
        )
        for method in METHODS
    },
    "samples": (
        Variable("index", "flat index into the parameter of the chosen coordinates", "1", _CHOSEN),
        Variable("sizes", "sizes of the nested subsets", "samples", ("subset_size",)),
        Variable("kurtosis", "kurtosis of a subset's per-sample gradients", "1", _LEVEL),
        Variable("rho", "standardised third absolute moment of a subset's gradients", "1", _LEVEL),
        Variable("third_share", "top samples' share of the sum of |g - Eg|^3", "1", _CHOSEN),
        Variable("third_signed_share", "top samples' share of the sum of (g - Eg)^3", "1", _CHOSEN),
        Variable("fourth_share", "top samples' share of the sum of (g - Eg)^4", "1", _CHOSEN),
        Variable("extreme_share", "top samples' share of the noise's extremes", "1", _SIZED),
        Variable("usual_share", "top samples' share of all the noise", "1", _SIZED),
        Variable("weight", "sample's share of the fourth central sum", "1", ("sample",)),
        Variable("top", "indices of the samples of largest weight", "1", ("top_sample",)),
    ),
}

# What a level of the test makes of them (`rejection`).
JUDGED: dict[str, tuple[Variable, ...]] = {
    **{
        f"histograms/{method}": (
            Variable("edges", "edges of the bins of the tail index", "1", ("edge",)),
            Variable("live", "live coordinates by tail index", "coordinates", _CELL_BINS),
            Variable(
                "rejected",
                "coordinates that Shapiro-Wilk rejects, by tail index",
                "coordinates",
                _CELL_BINS,
            ),
            Variable("null", "Gaussian series by tail index", "series", ("bin",)),
            Variable(
                "null_rejected",
                "Gaussian series that Shapiro-Wilk rejects, by tail index",
                "series",
                ("bin",),
            ),
        )
        for method in METHODS
    },
    **{
        f"rejected_histograms/{method}": (
            Variable("edges", "edges of the bins of the tail index", "1", ("edge",)),
            Variable("counts", "rejected series by tail index", "series", _CELL_BINS),
            Variable("null", "rejected Gaussian series by tail index", "series", ("bin",)),
        )
        for method in REJECTED_METHODS
    },
    "examples": (
        Variable("samples", "noise of an example", GRADIENT_UNITS, ("example", "batch")),
        Variable(
            "behind",
            "indices of the samples of extreme gradient in an example's coordinate, lowest first",
            "1",
            ("example", "extreme_sample"),
        ),
        Variable("role", "why a coordinate is shown", "", _EXAMPLE),
        Variable("batch_size", "mini-batch size", "samples", _EXAMPLE),
        Variable("coordinate", "flat index into the parameter", "1", _EXAMPLE),
        Variable("alpha", "tail index", "1", _EXAMPLE),
        Variable("scale", "stable scale", GRADIENT_UNITS, _EXAMPLE),
        Variable("pvalue", "p-value of Shapiro-Wilk", "1", _EXAMPLE),
    ),
}

_LARGEST = (
    *_DRAWN,
    Variable("live", "live coordinates among the chosen", "coordinates"),
    Variable("share_converged", "share of the live coordinates with an index"),
    Variable("alpha_mean", "mean tail index over live coordinates"),
)

TABLES: dict[str, tuple[Variable, ...]] = {
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
        Variable("variance_exponent", "exponent of the variance in the number of samples"),
        Variable("variance_error", "its standard error"),
        Variable(
            "dense_coordinates", "coordinates not zero for half of the samples", "coordinates"
        ),
        Variable("dense_kurtosis_exponent", "exponent of kurtosis over dense coordinates"),
        Variable("dense_kurtosis_error", "its standard error"),
        Variable("variance", "finite, infinite or undecided, by kurtosis_exponent", ""),
        Variable("fourth_moment", "finite, infinite or undecided, by kurtosis_exponent", ""),
    ),
    "largest": _LARGEST,
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

JUDGED_TABLES: dict[str, tuple[Variable, ...]] = {
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
    "rejected": (
        *_DRAWN,
        Variable("method", "estimator of the tail index", ""),
        Variable("rejected", "live coordinates that Shapiro-Wilk rejects", "coordinates"),
        *(
            Variable(f"{null}{name}", what.format(of), units)
            for null, of in (("", "rejected coordinates"), ("null_", "rejected Gaussian series"))
            for name, what, units in (
                ("series", "{} that were looked at", "series"),
                ("share_converged", "share of these {} with an index", "1"),
                ("share_at_2", "share of these {} with an index from 1.98 on", "1"),
                ("share_near_2", "share of these {} with an index from 1.8 on", "1"),
            )
        ),
    ),
    "largest_batch": (
        *_LARGEST,
        Variable("null_mean", "mean tail index of Gaussian series"),
        Variable("null_error", "standard error of null_mean"),
        Variable("null_minus_mean", "null_mean less alpha_mean"),
    ),
}

# Bytes of texts, at least: the same for every layer.
_WIDTHS = {"method": max(map(len, METHODS)), "variance": 9, "fourth_moment": 9, "name": 64}


def rows_of(table: str, rows: Sequence[Mapping[str, Any]]) -> NDArray[Any]:
    """Rows of one of the tables: its columns in their order, int64, float64 or text that is never cut."""
    declared = {**TABLES, **JUDGED_TABLES}[table]
    columns = {each.name: [row[each.name] for row in rows] for each in declared}
    kinds: list[tuple[str, Any]] = []
    for name, values in columns.items():
        if isinstance(values[0], str):
            columns[name] = [value.encode() for value in values]
            kinds.append((name, f"S{max(_WIDTHS[name], *map(len, columns[name]))}"))
        else:
            kinds.append((name, np.float64 if isinstance(values[0], float) else np.int64))
    return np.array(list(zip(*columns.values(), strict=True)), kinds)

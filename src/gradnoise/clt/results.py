"""The HDF5 file of a layer's results on the central limit theorem: what it holds, written and read."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradnoise.moments.store import MOMENTS
from gradnoise.store import results
from gradnoise.store.results import put_array, put_attributes, put_table
from gradnoise.store.variables import Variable, quantile_variables

Floats = NDArray[np.float64]

GROUPS = 20  # of samples, each left out once for `predicted_error`

COVERED = 0.5  # of a layer's testable coordinates, at least, that have a prediction, if it is to be judged

_OF_GRADIENT = "of the per-sample gradient"
_COORDINATE = ("coordinate",)
_EXACT = ("exact",)
_CELL = ("batch_size", "batches", "coordinate")

# By HDF5 group. Everything from `exact_position` on needs stored per-sample gradients.
ARRAYS: dict[str, tuple[Variable, ...]] = {
    "coordinates": (
        Variable("index", "flat index into the parameter", "1", _COORDINATE),
        *MOMENTS,
        Variable("rho", f"standardised third absolute moment {_OF_GRADIENT}", "1", _COORDINATE),
        Variable("skewness", f"skewness {_OF_GRADIENT}", "1", _COORDINATE),
        Variable("excess_kurtosis", f"excess kurtosis {_OF_GRADIENT}", "1", _COORDINATE),
        Variable(
            "exact_position", "place among the coordinates of one with exact distances", "1", _EXACT
        ),
        Variable(
            "exact_distance",
            "exact Kolmogorov distance of the mini-batch gradient to the Gaussian",
            "1",
            ("batch_size", "exact"),
        ),
        Variable(
            "reached",
            "smallest batch size with an exact distance below the setting `distance`",
            "samples",
            _EXACT,
        ),
        Variable("distinct", "distinct values among the per-sample gradients", "1", _COORDINATE),
        Variable(
            "largest_share", "share of samples with the most frequent value", "1", _COORDINATE
        ),
        Variable(
            "held_out_predicted",
            "pass probability predicted from one half of the samples",
            "1",
            _CELL,
        ),
        Variable(
            "held_out_passed", "share of repeats passed by batches of the other half", "1", _CELL
        ),
        Variable(
            "value_class",
            "law of the per-sample gradients: 0 continuous, 1 lattice, 2 sparse, 3 dead",
            "",
            ("batch_size", "coordinate"),
        ),
    )
}

_BATCH_SIZE = Variable("batch_size", "mini-batch size", "samples")
_BATCHES = Variable("batches", "number of batches n that the test sees", "batches")
_PERCENTAGES = (
    Variable("predicted_percentage", "mean predicted pass probability", "%"),
    Variable("measured_percentage", "passes measured", "%"),
)
_PREDICTION = (
    _BATCH_SIZE,
    _BATCHES,
    Variable("repeat", "repeat of the draws"),
    *_PERCENTAGES,
    Variable("predicted_error", "standard error of predicted_percentage over the samples", "%"),
    Variable("measured_error", "deviation of measured_percentage over repeats", "%"),
    Variable("ratio", "measured over predicted percentage"),
    Variable("ratio_error", "its standard error, from those of both percentages"),
    Variable("spearman", "rank correlation of prediction and share passed, over coordinates"),
    Variable("coordinates", "coordinates with a prediction"),
    Variable("testable", "coordinates whose noise varies"),
    Variable("coverage", "share of the testable coordinates that have a prediction"),
    Variable("share_sparse", "share of coordinates whose batches are often silent"),
    Variable("share_lattice", "share of coordinates of few distinct values"),
    Variable("share_dead", "share of constant coordinates"),
)

TABLES: dict[str, tuple[Variable, ...]] = {
    "summary": (
        _BATCH_SIZE,
        *quantile_variables(Variable("bound", "Berry-Esseen bound")),
        *quantile_variables(Variable("edgeworth", "leading Edgeworth term of the distance")),
        *quantile_variables(Variable("exact", "exact Kolmogorov distance")),
        *quantile_variables(Variable("exact_over_bound", "exact distance over bound")),
        Variable("violations", "coordinates whose exact distance exceeds the bound"),
        Variable("exact_count", "coordinates with an exact distance"),
    ),
    "correlations": (
        _BATCH_SIZE,
        _BATCHES,
        Variable("spearman_rho", "rank correlation of third moment and share passed"),
        Variable(
            "partial_spearman_rho", "the same, given scale and share of the most frequent value"
        ),
    ),
    "prediction": _PREDICTION,
    "prediction_same_samples": _PREDICTION,
    "reliability": (
        _BATCHES,
        Variable("bin", "bin of the predicted probability, 0 to 9"),
        Variable("count", "coordinates and batch sizes in the bin"),
        *_PERCENTAGES,
    ),
}

# Attributes of the file that stand for the layer.
NUMBERS: tuple[Variable, ...] = (
    Variable("noise_scale", "gradient noise scale tr C / |G|^2", "samples"),
    Variable("noise_scale_error", "its jackknife standard error", "samples"),
    Variable("gaussian_batch_size", "B*, the batch size at which the layer is Gaussian", "samples"),
    Variable("gaussian_batch_size_lower", "lower end of its 95 % interval", "samples"),
    Variable("gaussian_batch_size_upper", "upper end of its 95 % interval", "samples"),
    *quantile_variables(Variable("rho", "standardised third absolute moment")),
    *quantile_variables(Variable("root_kurtosis", "square root of the kurtosis")),
    *quantile_variables(Variable("rho_over_root_kurtosis", "rho over the root, 1 at most")),
    Variable("log_rho_spread", "logarithm of rho's 95 % less its 5 % quantile"),
    Variable("log_rho_spread_error", "its standard error over the choice of coordinates"),
    Variable(
        "inequality_violations", "coordinates whose rho exceeds the root of the kurtosis", "1"
    ),
)

_COUNTS = {
    *("batch_size", "batches", "repeat", "bin"),
    *("count", "coordinates", "violations", "exact_count"),
}


class Analysis(NamedTuple):
    """What the stage says of one layer.

    Attributes:
        coordinates: some of ARRAYS, by name.
        tables: some of TABLES, structured arrays.
        numbers: some of NUMBERS.
    """

    coordinates: dict[str, NDArray[Any]]
    tables: dict[str, NDArray[Any]]
    numbers: dict[str, float]


class ThirdMoments(NamedTuple):
    """Third moments of one layer: rho (C,), flat indices (C,) and the file's attributes."""

    rho: Floats
    coordinate: NDArray[np.int64]
    attributes: dict[str, Any]


def empty_rows(table: str, shape: int | tuple[int, ...]) -> NDArray[Any]:
    """Rows of one of TABLES, all zero: int64 where they count, float64 elsewhere."""
    kinds = [(c.name, np.int64 if c.name in _COUNTS else np.float64) for c in TABLES[table]]
    return np.zeros(shape, kinds)


def write(path: Path, found: Analysis, attributes: Mapping[str, Any]) -> None:
    """Write a layer's HDF5 file; it appears whole or not at all.

    Args:
        path: the file.
        found: arrays, tables and numbers.
        attributes: of the file, besides the numbers; what is no number or text is written as JSON.

    Raises:
        ValueError: for something that is not declared here.
    """
    declared = {variable.name: variable for variable in ARRAYS["coordinates"]}
    unknown = {*found.coordinates} - {*declared} | {*found.numbers} - {v.name for v in NUMBERS}
    if unknown:
        raise ValueError(f"{path}: not declared: {sorted(unknown)}")
    with results.created(path) as file:
        put_attributes(file, {**attributes, **found.numbers})
        group = file.create_group("coordinates")
        for name, values in found.coordinates.items():
            put_array(group, declared[name], values)
        for name, rows in found.tables.items():
            put_table(file, name, TABLES[name], rows)


def read_third_moments(path: Path) -> ThirdMoments | None:
    """Standardised third moments of every coordinate; None where the layer has no moments.

    Raises:
        InputError: for a missing or damaged file.
    """
    with results.opened(path, "clt") as file:
        group = file["coordinates"]
        if "rho" not in group:
            return None
        return ThirdMoments(group["rho"][...], group["index"][...], dict(file.attrs))

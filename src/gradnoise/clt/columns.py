"""What the files of the clt stage, and what a level of the test makes of them, hold: arrays, tables and numbers."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradnoise.moments.store import MOMENTS
from gradnoise.store.variables import Variable, quantile_variables

GROUPS = 20  # of samples, each left out once for `predicted_error`

COVERED = 0.5  # of a layer's testable coordinates, at least, that have a prediction, if it is to be judged

_OF_GRADIENT = "of the per-sample gradient"
_COORDINATE = ("coordinate",)
_EXACT = ("exact",)
_WITHOUT = ("group", "coordinate")
_TESTS = ("batch_size", "batches", "repeat", "coordinate")

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
            "value_class",
            "law of the per-sample gradients: 0 continuous, 1 lattice, 2 sparse, 3 dead",
            "",
            ("batch_size", "coordinate"),
        ),
    ),
    # One half of the samples, and batches of the other: what a level of the test is applied to.
    "held_out": (
        Variable("skewness", "skewness over one half of the samples", "1", _COORDINATE),
        Variable("excess_kurtosis", "excess kurtosis over the same", "1", _COORDINATE),
        Variable("skewness_without", "skewness without each group of the same", "1", _WITHOUT),
        Variable("excess_kurtosis_without", "excess kurtosis without each group", "1", _WITHOUT),
        Variable("pvalue", "p-value of batches of the other half", "1", _TESTS),
        Variable("varies", "whether the noise of these batches does", "", _TESTS),
        Variable(
            "lattice_pvalue",
            "p-values of series simulated from coordinates of few values, by batch size, then coordinate",
            "1",
            ("lattice", "batches", "series"),
        ),
    ),
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
}

# What a level of the test makes of the file (`rejection`).
JUDGED_TABLES: dict[str, tuple[Variable, ...]] = {
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


def empty_rows(table: str, shape: int | tuple[int, ...]) -> NDArray[Any]:
    """Rows of one of the tables, all zero: int64 where they count, float64 elsewhere."""
    declared = {**TABLES, **JUDGED_TABLES}[table]
    kinds = [(c.name, np.int64 if c.name in _COUNTS else np.float64) for c in declared]
    return np.zeros(shape, kinds)

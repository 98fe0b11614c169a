"""The HDF5 file of one subspace of one trajectory: what it holds, written and read."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np
from numpy.typing import NDArray

from gradnoise.errors import InputError
from gradnoise.store.results import opened, put_array, put_attributes, put_table, read_attributes
from gradnoise.store.results import read_table as read_any_table
from gradnoise.store.variables import GRADIENT_UNITS, Variable
from gradnoise.store.work_area import atomic
from gradnoise.trajectory.store import CURVATURE, LENGTH, SLICES

STAGE, TABLE = "langevin", "directions"

_AREA = f"({LENGTH})^2"
_VARIANCE = f"({GRADIENT_UNITS})^2"
_RATE = f"({LENGTH})^2 per step"
_LAGS = ("direction", "lag")
_PAIR = ("eigenvector", "other_eigenvector")
_CELL = ("first_cell", "second_cell")
_FIELD = (*_CELL, "plane_axis")
_PATH = ("path_step", "direction")

# Arrays of the whole; those of the plane are missing where theory has no current, those of slices but for
# the whole model.
ARRAYS: dict[str, tuple[Variable, ...]] = {
    "": (
        Variable("autocorrelation", "autocorrelation of the position", "1", _LAGS),
        Variable("predicted_autocorrelation", "the same, exact", "1", _LAGS),
        Variable("displacement", "mean squared displacement, eigenvectors", _AREA, ("lag",)),
        Variable("predicted_displacement", "the same, exact", _AREA, ("lag",)),
        Variable("histogram_edges", "standard deviations from the mean", "1", ("edge",)),
        Variable("histogram", "density of the position", "1", ("direction", "bin")),
        Variable("plane_first", "cells along the first direction", LENGTH, _CELL[:1]),
        Variable("plane_second", "cells along the second direction", LENGTH, _CELL[1:]),
        Variable("plane_drift", "mean of (x(t+1) - x(t-1)) / 2", f"{LENGTH} per step", _FIELD),
        Variable("plane_error", "its standard error", f"{LENGTH} per step", _FIELD),
        Variable("plane_predicted", "the same, exact", f"{LENGTH} per step", _FIELD),
        Variable("plane_steps", "steps in the cell", "steps", _CELL),
        Variable("plane_directions", "the plane's two directions", "1", ("plane_axis",)),
        Variable("area_rate_measured", "area swept by pairs", _RATE, _PAIR),
        Variable("area_rate_error", "its standard error", _RATE, _PAIR),
        Variable("area_rate_predicted", "the same, exact", _RATE, _PAIR),
        Variable("vector_curvature", "Hessian of a joint autoregression", CURVATURE, _PAIR),
        Variable("vector_curvature_error", "its standard error", CURVATURE, _PAIR),
        Variable("vector_momentum", "momentum of the joint fit", "1", _PAIR),
        Variable("vector_noise_covariance", "noise of the joint fit", _VARIANCE, _PAIR),
        Variable("path_position", "first steps of the first replica", LENGTH, _PATH),
        Variable("path_velocity", "the same, velocity", LENGTH, _PATH),
        *SLICES,
    )
}


def _with_error(name: str, long_name: str, units: str = "1") -> tuple[Variable, Variable]:
    return (
        Variable(name, long_name, units),
        Variable(f"{name}_error", f"{long_name}: standard error", units),
    )


def _autoregression(name: str, order: int) -> tuple[Variable, ...]:
    of = f"of an autoregression of order {order}"
    return (
        *_with_error(f"{name}_curvature", f"curvature {of}", CURVATURE),
        *_with_error(f"{name}_momentum", f"momentum {of}"),
        *_with_error(
            f"{name}_noise_variance", f"variance of the mini-batch gradient {of}", _VARIANCE
        ),
        *_with_error(f"{name}_temperature", f"temperature {of}", "loss"),
        Variable(f"{name}_resolved", "ten relaxation times or more were recorded", ""),
    )


# One row for every direction. What is predicted is NaN for directions that are no eigenvectors.
TABLES: dict[str, tuple[Variable, ...]] = {
    TABLE: (
        Variable("direction", "number of the direction, from 0"),
        Variable("kind", "eigenvector, random or coordinate", ""),
        Variable("eigenvalue", "of the Hessian at the start of recording", CURVATURE),
        Variable("mean", "mean displacement from the start", LENGTH),
        *_with_error("variance", "variance of the position", _AREA),
        Variable("kurtosis", "fourth standardised moment of the position"),
        Variable("velocity_variance", "variance of the steps", _AREA),
        Variable("curvature", "Hessian along the direction, with weight decay", CURVATURE),
        Variable("noise_variance", "variance of the mini-batch gradient", _VARIANCE),
        *_with_error("predicted_variance", "exact variance of the position", _AREA),
        Variable("continuous_variance", "its small-step (Langevin) limit", _AREA),
        Variable("predicted_velocity_variance", "exact variance of the steps", _AREA),
        Variable("predicted_temperature", "learning rate C / 2(1 - momentum)", "loss"),
        Variable("predicted_autocorrelation_time", "exact 1 + 2 sum rho", "steps"),
        Variable("predicted_frequency", "exact, of the oscillation", "radians per step"),
        Variable("predicted_asymmetry", "exact third-order time asymmetry", f"({LENGTH})^3"),
        *_autoregression("first", 1),
        *_autoregression("second", 2),
        Variable("ornstein_uhlenbeck_curvature", "of a continuous reading", CURVATURE),
        Variable("order", "of the autoregression with the smallest BIC"),
        Variable("ljung_box_pvalue", "that its residuals are white"),
        Variable("friction", "of the Langevin oscillator", "per unit of Langevin time"),
        Variable("frequency", "fitted, of the oscillation", "radians per step"),
        Variable("kinetic_time_step", "Langevin time a step", "unit of Langevin time"),
        Variable("autocorrelation_time", "1 + 2 sum rho", "steps"),
        Variable("effective_sample_size", "independent positions"),
        Variable("split_r_hat", "disagreement of half replicas, 1 for none"),
        Variable("mean_drift", "of the mean, last third less first", "standard errors"),
        Variable("variance_drift", "of the variance, last third less first", "standard errors"),
        Variable("stationary", "neither drifts, and replicas agree", ""),
        *_with_error("asymmetry", "third-order time asymmetry", f"({LENGTH})^3"),
        *_with_error("boltzmann_temperature", "of Boltzmann's law in the measured loss", "loss"),
        Variable("boltzmann_bic_difference", "Gaussian less Boltzmann: positive for Boltzmann"),
    )
}

# Attributes of the file that say how the trajectory was made.
DYNAMICS: tuple[Variable, ...] = (
    Variable("learning_rate", "of SGD", "squared unit of the parameter per loss"),
    Variable("momentum", "of SGD"),
    Variable("nesterov", "whether the momentum is Nesterov's", ""),
    Variable("weight_decay", "coefficient of the L2 penalty"),
    Variable("batch_size", "mini-batch size", "samples"),
    Variable("sampling", "how mini-batches are drawn", ""),
    Variable("burn_in", "steps before the recorded ones", "steps"),
    Variable("steps", "recorded ones of every replica", "steps"),
    Variable("replicas", "independent runs from the checkpoint"),
    Variable("converged", "whether the eigensolver reached its tolerance", ""),
)

# Attributes of the file that stand for the subspace.
NUMBERS: tuple[Variable, ...] = (
    Variable("commutator", "|CH - HC| / (|C| |H|) of noise and Hessian"),
    Variable("isotropy_ratio", "largest over smallest eigenvalue of the noise"),
    Variable("largest_step", "largest learning rate times curvature"),
    *_with_error("noise_exponent", "gamma of C ~ H^gamma"),
    *_with_error("variance_exponent", "of variance ~ H^exponent"),
    *_with_error("predicted_variance_exponent", "the same of the exact variance"),
    *_with_error("entropy_production", "measured", "nats per step"),
    Variable("predicted_entropy_production", "exact", "nats per step"),
    Variable("null_entropy_production", "95 % quantile of commuting surrogates", "nats per step"),
    *_with_error("diffusion_exponent", "of displacement ~ lag^exponent"),
    Variable("last_diffusion_exponent", "the same at the longest lags"),
    *_with_error("flatness_exponent", "psi of variance ~ flatness^-psi"),
    Variable("first_share", "share of variance in the first principal direction"),
    Variable("random_walk_share", "the same of a random walk"),
    *_with_error("batch_sharpness", "curvature of batches along their gradients", CURVATURE),
    Variable("stability_limit", "curvature above which steps are unstable", CURVATURE),
    Variable("vector_asymmetry", "antisymmetric share of the joint fit's Hessian"),
    Variable("vector_asymmetry_pvalue", "that sampling error alone makes it so large"),
    Variable("peak_distance", "from the loss's minimum to the mean", "standard deviations"),
)


class Analysis(NamedTuple):
    """What the stage says of one subspace.

    Attributes:
        directions: columns of TABLES, by name; a row per direction.
        numbers: NUMBERS, by name.
        arrays: some of ARRAYS, by name.
    """

    directions: Mapping[str, NDArray[Any]]
    numbers: Mapping[str, float]
    arrays: Mapping[str, NDArray[Any]]


class Stored(NamedTuple):
    """The file as it is read.

    Attributes:
        directions: structured, columns of TABLES; text as text.
        attributes: of the file: NUMBERS, and how the trajectory was made.
        arrays: some of ARRAYS, by name.
    """

    directions: NDArray[Any]
    attributes: dict[str, Any]
    arrays: dict[str, NDArray[Any]]


def write(path: Path, found: Analysis, attributes: Mapping[str, Any]) -> None:
    """Write one subspace's HDF5 file; it appears whole or not at all.

    Args:
        path: the file.
        found: rows, numbers and arrays.
        attributes: of the file, besides the numbers; what is no number or text is written as JSON.

    Raises:
        ValueError: for something that is not declared here, or columns or numbers that are missing.
    """
    declared = {variable.name: variable for variable in ARRAYS[""]}
    unknown = sorted({*found.arrays} - {*declared})
    wrong = sorted({*found.numbers} ^ {variable.name for variable in NUMBERS})
    if unknown or wrong:
        raise ValueError(f"{path}: not declared, or missing: {unknown + wrong}")
    with atomic(path) as temporary, h5py.File(temporary, "w") as file:
        put_attributes(file, {**attributes, **found.numbers})
        put_table(file, TABLE, TABLES[TABLE], _rows(found.directions))
        for name, values in found.arrays.items():
            put_array(file, declared[name], values)


def _rows(columns: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
    """Columns of equal length as one structured array."""
    kinds = [(name, values.dtype.str) for name, values in columns.items()]
    rows = np.empty(len(next(iter(columns.values()))), kinds)
    for name, values in columns.items():
        rows[name] = values
    return rows


def read_table(path: Path) -> tuple[NDArray[Any], dict[str, Any]]:
    """Rows of the directions (structured, text as text) and the file's attributes.

    Raises:
        InputError: names the file, where it is missing or damaged.
    """
    rows, attributes = read_any_table(path, STAGE, TABLE), read_attributes(path, STAGE)
    names = [variable.name for variable in (*DYNAMICS, *NUMBERS)]
    missing = [name for name in names if name not in attributes]
    if rows is None or missing:
        lacks = ", ".join(missing) or TABLE
        raise InputError(f"{path}: expected a complete {STAGE} file, found one without {lacks}")
    return rows, attributes


def read(path: Path) -> Stored:
    """The whole file.

    Raises:
        InputError: names the file, where it is missing or damaged.
    """
    rows, attributes = read_table(path)
    with opened(path, STAGE) as file:
        names = [variable.name for variable in ARRAYS[""] if variable.name in file]
        arrays = {name: file[name][...] for name in names}
    return Stored(rows, attributes, arrays)

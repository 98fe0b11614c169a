"""The HDF5 file of a layer's results on the central limit theorem: what it holds, written and read."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradnoise.clt.columns import ARRAYS as ARRAYS
from gradnoise.clt.columns import NUMBERS as NUMBERS
from gradnoise.clt.columns import TABLES as TABLES
from gradnoise.store import results
from gradnoise.store.results import put_array, put_attributes, put_table

Floats = NDArray[np.float64]


class HeldOut(NamedTuple):
    """What is predicted from and what was tested, of C coordinates, before a level is applied.

    Attributes:
        skewness, excess_kurtosis: float64 (C,), of the half that predictions are made from; NaN for constant ones.
        skewness_without, excess_kurtosis_without: float64 (GROUPS, C), without each group of its samples.
        classes: int8 (S, C), of the per-sample values (`Values`).
        pvalue: float64 (S, K, R, C), of batches of the other half; NaN where there are no such batches.
        varies: bool (S, K, R, C), whether their noise does.
        lattice_pvalue: float64 (L, K, SERIES), of series simulated for the L coordinates and batch sizes of few values.
        drawn_from: samples in the other half.
    """

    skewness: Floats
    excess_kurtosis: Floats
    skewness_without: Floats
    excess_kurtosis_without: Floats
    classes: NDArray[np.int8]
    pvalue: Floats
    varies: NDArray[np.bool_]
    lattice_pvalue: Floats
    drawn_from: int


class Analysis(NamedTuple):
    """What the stage says of one layer.

    Attributes:
        coordinates: some of ARRAYS["coordinates"], by name.
        tables: some of TABLES, structured arrays.
        numbers: some of NUMBERS.
    """

    coordinates: dict[str, NDArray[Any]]
    tables: dict[str, NDArray[Any]]
    numbers: dict[str, float]
    held_out: HeldOut | None = None


class Measured(NamedTuple):
    """What a file holds, for whoever applies a level of the test.

    Attributes:
        coordinates: those of ARRAYS["coordinates"] that are there, by name.
        held_out: None where per-sample gradients were not stored.
        samples: number of samples.
    """

    coordinates: dict[str, NDArray[Any]]
    held_out: HeldOut | None
    samples: int


class ThirdMoments(NamedTuple):
    """Third moments of one layer: rho (C,), flat indices (C,) and the file's attributes."""

    rho: Floats
    coordinate: NDArray[np.int64]
    attributes: dict[str, Any]


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
        if found.held_out is not None:
            group = file.create_group("held_out")
            for variable in ARRAYS["held_out"]:
                values = getattr(found.held_out, variable.name)
                put_array(group, variable, values, compressed=True)
            group.attrs["drawn_from"] = found.held_out.drawn_from


def read_measured(path: Path) -> Measured:
    """Everything that a level of the test is applied to.

    Raises:
        InputError: for a missing or damaged file.
    """
    with results.opened(path, "clt") as file:
        coordinates = {name: values[...] for name, values in file["coordinates"].items()}
        samples = int(file.attrs["sample_count"])
        if "held_out" not in file:
            return Measured(coordinates, None, samples)
        group = file["held_out"]
        fields = {name: values[...] for name, values in group.items()}
        drawn = int(group.attrs["drawn_from"])
        found = HeldOut(**fields, classes=coordinates["value_class"], drawn_from=drawn)
        return Measured(coordinates, found, samples)


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

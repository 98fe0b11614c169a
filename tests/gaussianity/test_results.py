"""The file: what it declares is what it holds, and what was written is read."""

import json
from pathlib import Path

import h5py
import numpy as np
import pytest

from example_noise import SIZES, analysis, layer
from gradnoise.errors import InputError
from gradnoise.gaussianity.analysis import examples
from gradnoise.gaussianity.columns import put_summary
from gradnoise.gaussianity.results import (
    ARRAYS,
    read_coordinates,
    read_examples,
    read_tests,
    write,
)

INDEX = 3 * np.arange(50) + 1


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("layer") / "conv1.weight.h5"
    found = analysis()
    shown = examples(found.coordinates, layer(1), SIZES, [20, 60])
    axes = {"batch_sizes": SIZES, "batches": [20, 60], "repeats": [1, 2, 3]}
    groups = found.coordinates, found.directions
    write(
        path,
        *groups,
        shown,
        INDEX,
        axes,
        {"parameter": "conv1.weight"},
    )
    return path


def test_every_array_is_declared_and_says_what_it_is(path: Path) -> None:
    with h5py.File(path) as file:
        arrays = []
        file.visititems(
            lambda name, item: arrays.append(name) if isinstance(item, h5py.Dataset) else None
        )
        declared = {
            f"{group}/{variable.name}".lstrip("/"): variable
            for group, variables in ARRAYS.items()
            for variable in variables
        }
        assert set(arrays) == set(declared)
        for name, variable in declared.items():
            assert file[name].attrs["units"] == variable.units
            assert file[name].attrs["long_name"] == variable.long_name
            assert [axis.label for axis in file[name].dims] == list(variable.dimensions)
        names = ["LIVE", "DIRAC", "SPARSE", "QUANTISED"]
        assert list(file["coordinates/class"].attrs["names"]) == names


def test_what_a_level_is_applied_to_is_read(path: Path, tmp_path: Path) -> None:
    read, found = read_tests(path), analysis()
    for name in ("class", "pvalue", "skewness"):
        np.testing.assert_array_equal(read.coordinates[name], found.coordinates[name])
        np.testing.assert_array_equal(read.directions[name], found.directions[name])
    assert "index" not in read.coordinates
    assert (read.batch_sizes, read.batches, read.repeats) == (SIZES, [20, 60], [1, 2, 3])
    np.testing.assert_array_equal(read.index, INDEX)
    assert read.attributes["parameter"] == "conv1.weight"
    with pytest.raises(InputError, match="expected a complete gaussianity file"):
        read_tests(tmp_path / "nothing.h5")


def test_coordinates_are_read_with_what_is_said_of_the_layer(path: Path) -> None:
    index, attributes = read_coordinates(path)
    np.testing.assert_array_equal(index, INDEX)
    assert attributes["parameter"] == "conv1.weight"


def test_rows_say_how_they_are_averaged(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "rows.h5", "w") as file:
        put_summary(file, "rows", analysis().summary)
        for key in ("units", "long_name", "kind", "over"):
            described = json.loads(file["rows"].attrs[key])
            assert set(described) <= set(file["rows"].dtype.names)


def test_examples_are_read_as_they_were_written(path: Path) -> None:
    shown = examples(analysis().coordinates, layer(1), SIZES, [20, 60])
    read = read_examples(path)
    assert len(read) == len(shown)
    for one, other in zip(read, shown, strict=True):
        assert (one["role"], one["batch_size"]) == (other["role"], other["batch_size"])
        assert (one["statistic"], one["pvalue"]) == (other["statistic"], other["pvalue"])
        assert one["coordinate"] == INDEX[other["position"]]
        np.testing.assert_array_equal(one["samples"], other["samples"])

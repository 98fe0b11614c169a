"""The file: what it declares is what it holds, and what was written is read."""

import json
from pathlib import Path

import h5py
import numpy as np
import pytest

from example_noise import SIZES, analysis, layer, write_store
from gradnoise.errors import InputError
from gradnoise.gaussianity.analysis import examples
from gradnoise.gaussianity.results import (
    ARRAYS,
    TABLES,
    read_examples,
    read_pvalues,
    read_tested,
    write,
)
from gradnoise.noise.store import open_parameter

INDEX = 3 * np.arange(50) + 1


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("layer") / "conv1.weight.h5"
    found = analysis()
    shown = examples(found, layer(1), SIZES, [20, 60])
    axes = {"batch_sizes": SIZES, "batches": [20, 60], "repeats": [1, 2, 3]}
    groups = found.coordinates, found.directions
    write(
        path,
        *groups,
        found.summary,
        found.repeatability,
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
        assert set(arrays) == {*declared, *TABLES}
        for name, variable in declared.items():
            assert file[name].attrs["units"] == variable.units
            assert file[name].attrs["long_name"] == variable.long_name
            assert [axis.label for axis in file[name].dims] == list(variable.dimensions)
        for key in ("units", "long_name", "kind", "over"):
            described = json.loads(file["summary"].attrs[key])
            assert set(described) <= set(file["summary"].dtype.names)
        names = ["LIVE", "DIRAC", "SPARSE", "QUANTISED"]
        assert list(file["coordinates/class"].attrs["names"]) == names


def test_tests_of_the_largest_number_of_batches_are_read(path: Path, tmp_path: Path) -> None:
    store = tmp_path / "repeat-1.zarr"
    write_store(store, 1, layer(1))
    noise = open_parameter(store, "conv1.weight")
    batches, classes, pvalues = read_tested(path, noise, [1, 2, 3])
    found = analysis().coordinates
    assert batches == 60
    np.testing.assert_array_equal(classes, found["class"][:, 1])
    np.testing.assert_array_equal(pvalues, found["pvalue"][:, 1])
    with pytest.raises(InputError, match="other batch sizes, repeats or coordinates"):
        read_tested(path, noise, [1, 2])
    with pytest.raises(InputError, match="expected a complete gaussianity file"):
        read_tested(tmp_path / "nothing.h5", noise, [1])


def test_pvalues_are_read_with_their_coordinates(path: Path) -> None:
    pvalues, index, attributes = read_pvalues(path)
    np.testing.assert_array_equal(pvalues, analysis().coordinates["pvalue"])
    np.testing.assert_array_equal(index, INDEX)
    assert attributes["parameter"] == "conv1.weight"


def test_examples_are_read_as_they_were_written(path: Path) -> None:
    shown = examples(analysis(), layer(1), SIZES, [20, 60])
    read = read_examples(path)
    assert len(read) == len(shown)
    for one, other in zip(read, shown, strict=True):
        assert (one["role"], one["batch_size"]) == (other["role"], other["batch_size"])
        assert (one["statistic"], one["pvalue"]) == (other["statistic"], other["pvalue"])
        assert one["coordinate"] == INDEX[other["position"]]
        np.testing.assert_array_equal(one["samples"], other["samples"])

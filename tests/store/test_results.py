"""HDF5 files of results: declared, written and read back."""

import json

import h5py
import numpy as np
import pytest

from gradnoise.errors import InputError
from gradnoise.store import results
from gradnoise.store.results import Variable

RHO = Variable("rho", "standardised third absolute moment", "1", ("coordinate",))
COLUMNS = (Variable("method", "estimator", ""), Variable("alpha", "tail index"))
ROWS = np.array([(b"ecf", 1.5), (b"ml", np.nan)], [("method", "S3"), ("alpha", "f8")])


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "conv1.weight.h5"
    with h5py.File(path, "w") as file:
        results.put_attributes(file, {"layer": "conv1", "size": np.int64(6), "shape": [2, 3]})
        results.put_array(file.create_group("coordinates"), RHO, [1.0, 2.0])
        results.put_table(file, "summary", COLUMNS, ROWS)
    return path


def test_arrays_carry_units_meaning_and_dimensions(path):
    with h5py.File(path) as file:
        array = file["coordinates/rho"]
        assert array.attrs["units"] == "1"
        assert array.attrs["long_name"] == "standardised third absolute moment"
        assert array.dims[0].label == "coordinate"
        assert list(array) == [1, 2]


def test_an_array_of_other_dimensions_is_refused(tmp_path):
    with (
        h5py.File(tmp_path / "a.h5", "w") as file,
        pytest.raises(ValueError, match="rho: 2 dimensions"),
    ):
        results.put_array(file, RHO, np.zeros((2, 2)))


def test_compressed_arrays_hold_the_same_values(tmp_path):
    values = np.arange(1000.0)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        results.put_array(file, RHO, values, compressed=True)
        assert file["rho"].compression == "gzip"
        assert np.array_equal(file["rho"], values)


def test_tables_carry_the_meaning_of_their_columns(path):
    with h5py.File(path) as file:
        meanings = json.loads(file["summary"].attrs["long_name"])
    assert meanings == {"method": "estimator", "alpha": "tail index"}


def test_a_table_of_other_columns_is_refused(tmp_path):
    with (
        h5py.File(tmp_path / "a.h5", "w") as file,
        pytest.raises(ValueError, match="declared"),
    ):
        results.put_table(file, "summary", COLUMNS[::-1], ROWS)


def test_tables_are_read_with_text_as_text(path):
    rows = results.read_table(path, "tails", "summary")
    assert list(rows["method"]) == ["ecf", "ml"]
    assert rows["alpha"][0] == 1.5
    assert results.read_table(path, "tails", "growth") is None


def test_attributes_are_plain(path):
    found = results.read_attributes(path, "tails")
    assert found == {"layer": "conv1", "size": 6, "shape": "[2, 3]"}
    assert type(found["size"]) is int


@pytest.mark.parametrize("content", [None, b"not HDF5"])
def test_missing_and_damaged_files_are_named(content, tmp_path):
    path = tmp_path / "conv1.weight.h5"
    if content:
        path.write_bytes(content)
    with pytest.raises(
        InputError, match=r"conv1\.weight\.h5: (expected a complete clt file|found no checksum)"
    ):
        results.read_attributes(path, "clt")


def test_what_a_file_lacks_is_named(path):
    with (
        pytest.raises(InputError, match=r"complete tails file, found .*pvalue"),
        results.opened(path, "tails") as file,
    ):
        file["coordinates/pvalue"]

"""The file of a layer: what is declared is written and read back, nothing else."""

import h5py
import numpy as np
import pytest

from gradnoise.clt import results
from gradnoise.clt.columns import empty_rows
from gradnoise.errors import InputError
from gradnoise.store.results import read_table

RHO, INDEX = np.array([1.5, np.nan]), np.array([3, 9])


def analysis(**coordinates) -> results.Analysis:
    rows = empty_rows("summary", 2)
    rows["batch_size"], rows["bound_q50"] = [16, 64], [0.5, np.nan]
    return results.Analysis({"index": INDEX, **coordinates}, {"summary": rows}, {})


def test_what_is_written_is_read(tmp_path) -> None:
    path = tmp_path / "conv1.weight.h5"
    results.write(path, analysis(rho=RHO), {"layer": "conv1", "epoch": 3})
    found = results.read_third_moments(path)
    assert found is not None
    np.testing.assert_array_equal(found.rho, RHO)
    np.testing.assert_array_equal(found.coordinate, INDEX)
    assert (found.attributes["layer"], found.attributes["epoch"]) == ("conv1", 3)
    rows = read_table(path, "clt", "summary")
    assert rows is not None
    assert list(rows["batch_size"]) == [16, 64]
    assert rows.dtype["batch_size"] == np.int64
    assert read_table(path, "clt", "prediction") is None


def test_what_a_level_is_applied_to_is_read(tmp_path) -> None:
    path, random = tmp_path / "conv1.weight.h5", np.random.default_rng(0)
    shapes = [(2,), (2,), (20, 2), (20, 2), (3, 2), (3, 1, 4, 2), (3, 1, 4, 2), (5, 1, 100)]
    values = [random.random(shape) for shape in shapes]
    values[4], values[6] = np.int8(10 * values[4]), values[6] > 0.5
    held_out = results.HeldOut(*values, 77)
    found = analysis(rho=RHO, value_class=held_out.classes)._replace(held_out=held_out)
    results.write(path, found, {"sample_count": 150})
    read = results.read_measured(path)
    assert read.samples == 150
    np.testing.assert_array_equal(read.coordinates["rho"], RHO)
    assert read.held_out is not None
    for one, other in zip(read.held_out, held_out, strict=True):
        np.testing.assert_array_equal(one, other)
    results.write(path, analysis(rho=RHO), {"sample_count": 150})
    assert results.read_measured(path).held_out is None


def test_arrays_say_what_they_are(tmp_path) -> None:
    path = tmp_path / "conv1.weight.h5"
    results.write(path, analysis(rho=RHO), {})
    with h5py.File(path) as file:
        rho = file["coordinates/rho"]
        assert rho.attrs["units"] == "1"
        assert "third absolute moment" in rho.attrs["long_name"]
        assert rho.dims[0].label == "coordinate"


def test_a_layer_without_moments_has_no_third_moments(tmp_path) -> None:
    path = tmp_path / "conv1.weight.h5"
    results.write(path, analysis(), {})
    assert results.read_third_moments(path) is None


def test_what_is_not_declared_is_refused(tmp_path) -> None:
    with pytest.raises(ValueError, match=r"not declared: \['rhho'\]"):
        results.write(tmp_path / "a.h5", analysis(rhho=RHO), {})
    other = analysis()._replace(numbers={"scale": 1.0})
    with pytest.raises(ValueError, match=r"not declared: \['scale'\]"):
        results.write(tmp_path / "a.h5", other, {})
    assert not list(tmp_path.iterdir())


def test_a_missing_file_is_named(tmp_path) -> None:
    with pytest.raises(InputError, match="expected a complete clt file"):
        results.read_third_moments(tmp_path / "conv1.weight.h5")


def test_names_are_declared_once_and_with_a_meaning() -> None:
    for columns in (*results.TABLES.values(), *results.ARRAYS.values(), results.NUMBERS):
        names = [each.name for each in columns]
        assert len(set(names)) == len(names)
        assert all(each.long_name for each in columns)

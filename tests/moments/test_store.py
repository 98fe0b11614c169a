"""The store of moments: its reader, and what it says of itself."""

import warnings
from pathlib import Path

import numpy as np
import pytest
import xarray
import zarr

from gradnoise.errors import InputError
from gradnoise.gradients.parameters import StoredParameter
from gradnoise.moments.central_powers import Moments
from gradnoise.moments.store import ARRAYS, MOMENTS, put_moments, read_moments
from gradnoise.store.arrays import seal


def published(path: Path) -> Moments:
    parameter = StoredParameter(np.array([3, 7]), 0, {"layer": "conv1", "size": 9})
    moments = Moments(*np.random.default_rng(0).standard_normal((5, 2)))
    root = zarr.open_group(path, mode="w")
    root.attrs["strategy"] = "streamed"
    put_moments(root, "conv1.weight", parameter, moments)
    seal(root)
    return moments


def test_names_are_those_of_the_moments() -> None:
    assert tuple(each.name for each in MOMENTS) == Moments._fields
    assert [each.units[-2:] for each in MOMENTS[1:]] == ["^2", "^3", "^3", "^4"]


def test_what_was_written_is_read(tmp_path: Path) -> None:
    moments = published(tmp_path / "moments.zarr")
    found, attributes = read_moments(tmp_path / "moments.zarr", "conv1.weight")
    assert attributes["strategy"] == "streamed"
    for name, values in found.items():
        np.testing.assert_array_equal(values, getattr(moments, name))
    assert list(found) == list(Moments._fields)
    assert read_moments(tmp_path / "moments.zarr", "conv2.weight")[0] == {}
    with pytest.raises(InputError, match="found none"):
        read_moments(tmp_path / "other.zarr", "conv1.weight")


def test_every_group_opens_in_xarray_as_declared_without_a_warning(tmp_path: Path) -> None:
    published(tmp_path / "moments.zarr")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert xarray.open_zarr(tmp_path / "moments.zarr").attrs["strategy"] == "streamed"
        found = xarray.open_zarr(tmp_path / "moments.zarr", group="conv1.weight")
    assert found.attrs["layer"] == "conv1"
    assert set(found.variables) == {each.name for each in ARRAYS["{parameter}"]}
    for each in ARRAYS["{parameter}"]:
        assert found[each.name].dims == each.dimensions
        assert found[each.name].attrs["units"] == each.units
        assert found[each.name].attrs["long_name"] == each.long_name

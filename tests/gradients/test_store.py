"""The store of per-sample gradients: shards, its readers, and what it says of itself."""

import warnings
from pathlib import Path

import numpy as np
import pytest
import xarray

from example_gradients import SAMPLES, SETTINGS, publish
from gradnoise.errors import InputError
from gradnoise.gradients.store import ARRAYS, open_gradients, read_parameters
from gradnoise.gradients.strategy import rows_of_shard


@pytest.mark.parametrize(
    ("samples", "numbers", "memory"), [(50_000, 103_000, 1 << 30), (700, 300, 1 << 18), (10, 5, 99)]
)
def test_shards_are_whole_passes_within_memory(samples: int, numbers: int, memory: int) -> None:
    rows = rows_of_shard(samples, numbers, memory, 128)
    assert rows == 1 or 4 * rows * numbers <= memory / 4
    assert rows % 128 == 0 or rows < 128


def test_the_example_store_has_several_shards() -> None:
    assert rows_of_shard(SAMPLES, 254, SETTINGS["memory"], 128) < 128


def test_every_group_opens_in_xarray_as_declared_without_a_warning(tmp_path: Path) -> None:
    publish(tmp_path, SETTINGS)
    path = tmp_path / "gradients.zarr"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert xarray.open_zarr(path).attrs["sample_count"] == SAMPLES
        for name in SETTINGS["parameters"]:
            found = xarray.open_zarr(path, group=name)
            assert set(found.variables) == {each.name for each in ARRAYS["{parameter}"]}
            for each in ARRAYS["{parameter}"]:
                assert found[each.name].dims == each.dimensions
                assert found[each.name].attrs["units"] == each.units
                assert found[each.name].attrs["long_name"] == each.long_name


def test_readers_give_what_was_stored(tmp_path: Path) -> None:
    root = publish(tmp_path, SETTINGS | {"directions": 0})
    found = read_parameters(root)
    assert list(found) == sorted(SETTINGS["parameters"])
    each = found["linear1.weight"]
    assert each.parameter.counts == (150, 0)
    assert each.parameter.attributes["size"] == 600
    assert each.along_directions.shape == (SAMPLES, 0)
    assert each.full_along_directions.shape == (0,)
    mean = each.gradient[:].mean(axis=0, dtype=np.float64)
    np.testing.assert_allclose(each.full_gradient, mean, rtol=1e-12, atol=1e-15)
    path, coordinate = tmp_path / "gradients.zarr", each.parameter.coordinate
    gradient, attributes = open_gradients(path, "linear1.weight", coordinate)
    assert gradient is not None
    np.testing.assert_array_equal(gradient[:], each.gradient[:])
    assert attributes["sample_count"] == SAMPLES
    with pytest.raises(InputError, match="other coordinates"):
        open_gradients(path, "linear1.weight", coordinate + 1)
    with pytest.raises(InputError, match="no gradients of 'conv1'"):
        open_gradients(path, "conv1", coordinate)


def test_a_store_without_gradients_says_why(tmp_path: Path) -> None:
    publish(tmp_path, SETTINGS | {"strategy": "per_batch"})
    path = tmp_path / "gradients.zarr"
    gradient, attributes = open_gradients(path, "linear1.weight", np.arange(1))
    assert gradient is None
    assert "asked for" in attributes["reason"]

"""The noise store: shards, its readers, and what it says of itself."""

import warnings

import numpy as np
import pytest
import torch.nn.functional as F
import xarray

from gradnoise.errors import InputError
from gradnoise.noise.sampling import sample_noise
from gradnoise.noise.store import (
    ARRAYS,
    column_blocks,
    open_parameter,
    require_same_series,
    rows_of_shard,
)
from gradnoise.store.arrays import open_store
from gradnoise.store.variables import GRADIENT_UNITS
from toy_network import images, network


def stored(folder, strategy="auto", batch_norm=False, **options):
    model, data = network(batch_norm), images()
    path, options = folder / "noise.zarr", {"directions": 6, "strategy": strategy, **options}
    return sample_noise(model, F.cross_entropy, *data, [4, 8], 11, 3, store=path, **options)


@pytest.mark.parametrize("strategy", ["per_sample", "per_batch"])
def test_store_describes_itself_to_xarray(tmp_path, strategy):
    stored(tmp_path, strategy)
    dataset = xarray.open_zarr(tmp_path / "noise.zarr", group="0.weight")
    assert dataset["noise"].dims == ("batch_size", "batch", "coordinate")
    assert dataset["noise_along_directions"].dims == ("batch_size", "batch", "direction")
    assert dataset["noise"].attrs["units"] == GRADIENT_UNITS
    assert dataset["noise"].sel(batch_size=8).shape == (11, 27)
    assert dataset.attrs["layer"] == "0"
    root = open_store(tmp_path / "noise.zarr").attrs
    assert (root["seed"], root["sampling"], root["sample_count"]) == (3, "with_replacement", 50)
    assert root["strategy"] == strategy
    assert root["versions"]["torch"]


def test_full_gradient_depends_on_the_size_in_train_mode(tmp_path):
    group = stored(tmp_path, batch_norm=True)
    dataset = xarray.open_zarr(tmp_path / "noise.zarr", group="0.weight")
    assert dataset["full_gradient"].dims == ("batch_size", "coordinate")
    assert not np.allclose(*group["0.weight"]["full_gradient"][:])
    assert np.abs(group["0.weight"]["noise"][:].mean(axis=1)).max() < 1e-7


def test_every_group_opens_in_xarray_as_declared_without_a_warning(tmp_path):
    store = stored(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert xarray.open_zarr(tmp_path / "noise.zarr").attrs["batches"] == 11
        for name in store.group_keys():
            found = xarray.open_zarr(tmp_path / "noise.zarr", group=name)
            assert set(found.variables) == {each.name for each in ARRAYS["{parameter}"]}
            for each in ARRAYS["{parameter}"]:
                assert found[each.name].dims == each.dimensions
                assert found[each.name].attrs["units"] == each.units
                assert found[each.name].attrs["long_name"] == each.long_name


def test_a_parameter_is_read_with_what_its_store_says(tmp_path):
    root = stored(tmp_path)
    found = open_parameter(tmp_path / "noise.zarr", "0.weight")
    assert found.batch_sizes == [4, 8]
    assert found.noise.shape == (2, 11, 27)
    assert found.noise_along_directions.shape == (2, 11, 6)
    assert np.array_equal(found.coordinate, np.arange(27))
    assert np.array_equal(found.noise[:], root["0.weight"]["noise"][:])
    assert found.lasting["layer"] == "0"
    assert found.lasting["seed"] == 3
    assert "repeat" not in found.lasting
    with pytest.raises(InputError, match="found no 'conv'"):
        open_parameter(tmp_path / "noise.zarr", "conv")


def test_repeats_of_other_batch_sizes_or_coordinates_are_refused(tmp_path):
    (tmp_path / "other").mkdir()
    stored(tmp_path)
    stored(tmp_path / "other", coordinates={"0.weight": [3]})
    one, other = (
        open_parameter(each / "noise.zarr", "0.weight") for each in (tmp_path, tmp_path / "other")
    )
    require_same_series([one, one])
    with pytest.raises(InputError, match=r"other.*found other coordinates"):
        require_same_series([one, other])


def test_shards_keep_buffers_within_memory():
    rows = rows_of_shard(1_000_000, 5, 600, 1 << 30)
    assert 4 * 5 * rows * 1_000_000 <= 1 << 29
    assert rows_of_shard(1_000_000, 5, 600, 1) == 1


def test_blocks_of_columns_cover_all_of_them_in_whole_chunks(tmp_path, monkeypatch):
    monkeypatch.setattr("gradnoise.noise.store.READ_BYTES", 4 * 10 * 7)
    blocks = list(column_blocks(np.empty((2, 5, 33)), 10))
    assert [block.stop - block.start for block in blocks] == [7, 7, 7, 7, 5]
    assert blocks[-1].stop == 33


def test_a_shard_is_whole_chunks_and_holds_every_coordinate(tmp_path, monkeypatch):
    monkeypatch.setattr("gradnoise.noise.store.CHUNK", 1)
    noise = stored(tmp_path, "per_sample")["3.weight"]["noise"]
    # 81 coordinates in six chunks of 14, of which the last is not full.
    assert (noise.shape[-1], noise.chunks[-1], noise.shards[-1]) == (81, 14, 84)
    assert noise.shards[:2] == (1, 11)

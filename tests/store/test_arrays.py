"""Zarr stores: declared, sealed, checked, and opened by others without a warning."""

import os
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xarray
import zarr

from gradnoise.errors import InputError
from gradnoise.store import arrays, checksums
from gradnoise.store.variables import Variable

NOISE = Variable("noise", "what is left", "loss", ("batch", "coordinate"))
ROW = Variable("row", "a few numbers", "1", ("coordinate",))


def sample_store(path: Path) -> zarr.Group:
    group = zarr.open_group(path, mode="w")
    array = arrays.create_array(group, NOISE, (4, 6), (1, 3), (2, 6))
    array[:2] = np.ones((2, 6), np.float32)
    return group


def test_a_store_with_missing_chunks_cannot_be_sealed(tmp_path: Path) -> None:
    group = sample_store(tmp_path / "a.zarr")
    with pytest.raises(RuntimeError, match="noise: 1 of 2 shards written"):
        arrays.seal(group)


@pytest.mark.parametrize("shape", [(5, 7), (4, 8), (1, 1), (5, 9)])
def test_last_shards_that_reach_beyond_the_array_are_whole(
    shape: tuple[int, int], tmp_path: Path
) -> None:
    group = zarr.open_group(tmp_path / "a.zarr", mode="w")
    array = arrays.create_array(group, NOISE, shape, (1, 2), (2, 6))
    array[...] = np.ones(shape, np.float32)
    arrays.seal(group)
    assert arrays.open_store(tmp_path / "a.zarr")["noise"][:].sum() == np.prod(shape)  # type: ignore[index, union-attr]
    last = max((tmp_path / "a.zarr/noise/c").rglob("*"), key=str)
    last.unlink()
    shards = -(-shape[0] // 2) * -(-shape[1] // 6)
    with pytest.raises(InputError, match=f"{shards - 1} of {shards} shards found"):
        arrays.open_store(tmp_path / "a.zarr")


def test_a_store_without_the_seal_is_refused(tmp_path: Path) -> None:
    sample_store(tmp_path / "a.zarr")
    with pytest.raises(InputError, match="never completed"):
        arrays.open_store(tmp_path / "a.zarr")
    with pytest.raises(InputError, match="found none"):
        arrays.open_store(tmp_path / "b.zarr")


def test_a_store_that_lost_a_chunk_is_refused(tmp_path: Path) -> None:
    group = sample_store(tmp_path / "a.zarr")
    group["noise"][2:] = np.ones((2, 6), np.float32)  # type: ignore[index]
    arrays.seal(group)
    assert arrays.open_store(tmp_path / "a.zarr")["noise"][:].sum() == 24  # type: ignore[index, union-attr]
    (tmp_path / "a.zarr" / "noise" / "c" / "1" / "0").unlink()
    with pytest.raises(InputError, match="1 of 2 shards found"):
        arrays.open_store(tmp_path / "a.zarr")


def test_an_altered_chunk_is_detected_when_it_is_read(tmp_path: Path) -> None:
    group = sample_store(tmp_path / "a.zarr")
    group["noise"][2:] = np.ones((2, 6), np.float32)  # type: ignore[index]
    arrays.seal(group)
    chunk = tmp_path / "a.zarr" / "noise" / "c" / "0" / "0"
    data = bytearray(chunk.read_bytes())
    data[5] ^= 1
    chunk.write_bytes(data)
    with pytest.raises(ValueError, match="checksum"):
        arrays.open_store(tmp_path / "a.zarr")["noise"][:]  # type: ignore[index]


def test_chunks_of_zeros_are_written_like_any_other(tmp_path: Path) -> None:
    group = zarr.open_group(tmp_path / "a.zarr", mode="w")
    arrays.put_array(group, ROW._replace(name="dead"), np.zeros(5))
    arrays.put_array(group, ROW._replace(name="first", dimensions=("one",)), np.zeros(1, np.int64))
    arrays.seal(group)
    opened = arrays.open_store(tmp_path / "a.zarr")
    assert np.array_equal(opened["dead"][:], np.zeros(5))  # type: ignore[index, arg-type]


def test_only_the_member_that_is_read_is_checked_for_lost_chunks(tmp_path: Path) -> None:
    group = zarr.open_group(tmp_path / "a.zarr", mode="w")
    for name in ("one", "two"):
        arrays.put_array(group.create_group(name), ROW, np.ones(4))
    arrays.seal(group)
    (tmp_path / "a.zarr/two/row/c/0").unlink()
    arrays.open_store(tmp_path / "a.zarr", "one")
    with pytest.raises(InputError, match="two/row: 0 of 1 chunks found"):
        arrays.open_store(tmp_path / "a.zarr", "two")
    with pytest.raises(InputError, match="found no 'three'; there are: one, two"):
        arrays.open_store(tmp_path / "a.zarr", "three")


def listed_store(path: Path) -> Path:
    """Two groups of an array each, and the list of checksums that a published store has."""
    group = zarr.open_group(path, mode="w")
    for name in ("one", "two"):
        arrays.put_array(group.create_group(name), ROW, np.arange(6.0))
    arrays.seal(group)
    checksums.write_list(path)
    return path


@pytest.mark.parametrize(
    ("name", "damage", "message"),
    [
        ("one/row/c/0", lambda path: path.write_bytes(b""), "found 0 bytes of the 52"),
        ("one/row/c/0", lambda path: path.unlink(), "this file is missing"),
        ("one/row/zarr.json", lambda path: path.unlink(), "this file is missing"),
        (
            "one/zarr.json",
            lambda path: path.write_text(path.read_text().replace("3", "4")),
            "found other bytes",
        ),
        (
            "zarr.json",
            lambda path: path.write_text(path.read_text().replace("one", "six")),
            "found other bytes",
        ),
    ],
)
def test_of_a_listed_store_the_damaged_file_is_named(
    name: str, damage: Callable[[Path], None], message: str, tmp_path: Path
) -> None:
    path = listed_store(tmp_path / "a.zarr")
    assert arrays.open_store(path)["one/row"][5] == 5  # type: ignore[index]
    damage(path / name)
    with pytest.raises(InputError, match=f"a.zarr/{name}: {message}.*; delete {path} and run"):
        arrays.open_store(path, "one")
    if name != "zarr.json":
        assert arrays.open_store(path, "two")["two/row"][5] == 5  # type: ignore[index]


def test_large_chunks_have_their_size_in_the_list(tmp_path: Path) -> None:
    path = tmp_path / "a.zarr"
    group = zarr.open_group(path, mode="w")
    arrays.put_array(group, ROW, np.arange(checksums.LARGEST / 8))
    arrays.seal(group)
    checksums.write_list(path)
    assert checksums.read_list(path)["row/c/0"] == f"-------- {checksums.LARGEST + 4}"
    assert arrays.open_store(path)["row"][7] == 7  # type: ignore[index]
    os.truncate(path / "row/c/0", 1 << 19)
    with pytest.raises(InputError, match="row/c/0: found 524288 bytes of the 1048580"):
        arrays.open_store(path)


def test_arrays_say_what_they_are(tmp_path: Path) -> None:
    array = sample_store(tmp_path / "a.zarr")["noise"]
    assert dict(array.attrs) == {"units": "loss", "long_name": "what is left"}
    assert array.metadata.dimension_names == ("batch", "coordinate")  # type: ignore[union-attr]


def test_an_array_that_is_there_keeps_what_was_written(tmp_path: Path) -> None:
    group = sample_store(tmp_path / "a.zarr")
    again = arrays.create_array(group, NOISE, (4, 6), (1, 3), (2, 6))
    assert np.array_equal(again[:2], np.ones((2, 6)))  # type: ignore[arg-type]
    assert np.isnan(np.asarray(again[2:])).all()


@pytest.mark.parametrize("names", [("batch",), ("batch", "batch")])
def test_dimensions_that_xarray_would_refuse_are_refused(names, tmp_path: Path) -> None:
    group = zarr.open_group(tmp_path / "a.zarr", mode="w")
    with pytest.raises(ValueError, match=r"noise: shape \(4, 6\) along dimensions"):
        arrays.create_array(group, NOISE._replace(dimensions=names), (4, 6), (1, 3))


def test_a_store_that_a_rule_made_opens_without_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "a.zarr"
    group = zarr.open_group(path, mode="w")
    arrays.put_array(group.create_group("conv1.weight"), ROW, np.arange(4.0))
    arrays.seal(group)
    (path / ".snakemake_timestamp").touch()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert arrays.open_store(path, "conv1.weight").attrs["complete"]
        assert xarray.open_zarr(path).attrs["complete"]
        found = xarray.open_zarr(path, group="conv1.weight")
    assert found["row"].attrs["units"] == "1"
    assert list(found["row"].values) == [0, 1, 2, 3]

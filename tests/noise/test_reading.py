"""Stores of noise, and what is refused."""

from pathlib import Path

import pytest
import zarr

from example_noise import layer, write_store
from gradnoise.errors import InputError
from gradnoise.noise.store import (
    open_parameter,
    require_same_series,
)
from gradnoise.store import arrays


def test_repeats_must_hold_the_same_series(tmp_path: Path) -> None:
    write_store(tmp_path / "repeat-1.zarr", 1, layer(1))
    write_store(tmp_path / "repeat-2.zarr", 2, layer(2, 40))
    opened = [open_parameter(path, "conv1.weight") for path in sorted(tmp_path.iterdir())]
    with pytest.raises(InputError, match=r"repeat-2.zarr: found other coordinates"):
        require_same_series(opened)


def test_stores_that_lost_something_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "repeat-1.zarr"
    write_store(path, 1, layer())
    next((path / "conv1.weight" / "noise").rglob("c/1/*/0")).unlink()
    with pytest.raises(InputError, match="shards found"):
        open_parameter(path, "conv1.weight")
    zarr.open_group(path).attrs.pop(arrays.COMPLETE)
    zarr.open_group(path).attrs[arrays.COMPLETE] = False
    with pytest.raises(InputError, match="never completed"):
        open_parameter(path, "conv1.weight")
    with pytest.raises(InputError, match="found none"):
        open_parameter(tmp_path / "nothing.zarr", "conv1.weight")

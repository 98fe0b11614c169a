"""How a trajectory lies in its store, for our readers and for xarray."""

import json
import warnings
from pathlib import Path

import numpy as np
import pytest
import xarray

from example_recordings import record
from gradnoise.errors import InputError
from gradnoise.store import checksums
from gradnoise.trajectory import store
from gradnoise.trajectory.names import MODEL


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record(tmp_path_factory.mktemp("trajectory"), steps=100, burn_in=0, snapshots=2)


def test_blocks_are_even_and_snapshots_fall_on_their_ends() -> None:
    assert store.blocks(4000, 4) == (1000, 4, 1)
    assert store.blocks(5000, 2) == (834, 6, 3)
    assert store.blocks(100, 3) == (34, 3, 1)
    assert store.blocks(5000, 2).snapshots == 2


@pytest.mark.parametrize("group", ["", MODEL, "linear1.weight"])
def test_every_group_opens_in_xarray_and_describes_itself(path: Path, group: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        opened = xarray.open_zarr(path, group=group or None)
    kinds = {"": [""], MODEL: ["{subspace}", MODEL]}.get(group, ["{subspace}"])
    declared = {each.name: each for kind in kinds for each in store.ARRAYS[kind]}
    assert set(opened.variables) == set(declared)
    for name, variable in opened.variables.items():
        assert variable.dims == declared[str(name)].dimensions
        assert variable.attrs["units"] == declared[str(name)].units
        assert variable.attrs["long_name"] == declared[str(name)].long_name


def test_slices_are_read_in_the_declared_order_whatever_the_folder_lists_first(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slices = [variable.name for variable in store.SLICES]
    assert list(store.read(path, MODEL).slices) == slices
    document = json.loads((path / "zarr.json").read_text())
    members = document["consolidated_metadata"]["metadata"]
    document["consolidated_metadata"]["metadata"] = dict(reversed(members.items()))
    (path / "zarr.json").write_text(json.dumps(document))
    checksums.write_list(path)
    assert list(store.read(path, MODEL).slices) == slices
    assert store.read(path, "linear1.weight").slices == {}


def test_a_subspace_that_is_not_there_is_named(path: Path) -> None:
    with pytest.raises(
        InputError, match=r"found no 'conv\.weight'; there are: linear1\.weight, model"
    ):
        store.read(path, "conv.weight")


def test_recorded_arrays_have_the_shapes_of_their_dimensions(path: Path) -> None:
    found = store.read(path, MODEL)
    assert found.position.shape == found.velocity.shape == (4, 100, 5)
    assert found.hessian.shape == found.noise_covariance.shape == (2, 5, 5)
    assert found.gradient.shape == found.noise_third_moment.shape == (2, 5)
    assert found.position.dtype == np.float32
    assert found.batch_sharpness.shape == (2, 32)

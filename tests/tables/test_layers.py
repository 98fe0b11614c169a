"""Per-layer files, found by what was measured."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from example_results import ALEXNET, CNN, measured, write_run
from gradnoise.errors import InputError
from gradnoise.tables.layers import layer_files, read_layers, read_numbers


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("results")


@pytest.fixture(scope="module")
def everything(folder):
    """What was measured of two runs, whose names are not in the alphabet's order."""
    options = {"batch_sizes": (64, 16), "batches": (200,), "repeats": 2}
    small = write_run(folder, "small", CNN, epochs=(2, 0), seeds=(1, 0), **options)
    deep = write_run(folder, "deep", ALEXNET, epochs=(1,), seeds=(4,), **options)
    return {**measured(folder, small[0]), **measured(folder, deep[0])}


def test_rows_are_in_the_order_of_runs_seeds_epochs_layers_and_cells(folder, everything):
    files = layer_files(folder, everything, "rejection")
    table = read_layers(files, "gaussianity", ["batch_size", "batches", "repeat"])
    assert list(table["run"].unique()) == ["small", "deep"]
    small = table[table["run"] == "small"]
    assert small[["seed", "epoch"]].drop_duplicates().to_numpy().tolist() == [
        [0, 0],
        [0, 2],
        [1, 0],
        [1, 2],
    ]
    assert list(small["layer"].unique()) == [name for name, *_ in CNN]
    assert list(small["batch_size"][:4]) == [16, 16, 64, 64]
    assert list(small["repeat"][:4]) == [1, 2, 1, 2]


def test_block_and_index_are_those_that_the_network_gave(folder, everything):
    table = read_layers(layer_files(folder, everything, "rejection"), "gaussianity")
    deep = table[table["run"] == "deep"].drop_duplicates("layer")
    assert list(deep["index"]) == [1, 2, 3, 4, 5, 1]  # five convolutions, one linear
    few = {"deep": {**everything["deep"], "parameters": ["conv4.weight"]}}
    assert set(read_layers(layer_files(folder, few, "clt"))["index"]) == {4}


def test_numbers_of_a_layer_are_nan_where_there_are_none(folder, everything):
    found = read_numbers(layer_files(folder, everything, "clt"), ["noise_scale", "unknown"])
    assert len(found) == 4 * len(CNN) + len(ALEXNET)
    assert set(found["noise_scale"]) == {100.0, 101.0, 102.0}
    assert np.isnan(found["unknown"]).all()


def test_files_without_a_table_have_no_rows(folder, everything):
    assert read_layers(layer_files(folder, everything, "clt"), "unknown").empty


def test_what_is_missing_or_damaged_is_named(tmp_path):
    one = {"cnn": {"seeds": [0], "epochs": [1], "parameters": ["conv1.weight"]}}
    (file,) = layer_files(tmp_path, one, "gaussianity")
    assert file.path == tmp_path / "cnn/seed-0/epoch-1/gaussianity/conv1.weight.h5"
    with pytest.raises(InputError, match="expected a complete gaussianity file"):
        read_layers([file])
    file.path.parent.mkdir(parents=True)
    file.path.write_bytes(b"not HDF5")
    with pytest.raises(InputError, match=r"conv1.weight.h5: found no checksum"):
        read_layers([file])
    file.path.write_bytes(b"\x89HDF\r\n\x1a\n and no more")
    with pytest.raises(InputError, match="expected a complete gaussianity file"):
        read_layers([file])
    with h5py.File(file.path, "w") as stored:
        stored["summary"] = np.zeros(1, [("batch_size", "i8")])
    with pytest.raises(InputError, match="found no attributes layer, operation"):
        read_layers([file])

"""The file of a subspace: what is declared is what is written and read."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from example_trajectories import analysed, recorded
from gradnoise.errors import InputError
from gradnoise.langevin import results
from gradnoise.langevin.variables import ARRAYS
from gradnoise.store import checksums

ATTRIBUTES = recorded(steps=100).attributes


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    written = tmp_path_factory.mktemp("langevin") / "model.h5"
    results.write(written, analysed("plain"), ATTRIBUTES)
    return written


def test_what_is_written_is_read(path: Path) -> None:
    found, stored = analysed("plain"), results.read(path)
    for name, values in found.arrays.items():
        assert np.array_equal(stored.arrays[name], values, equal_nan=True), name
    for name, column in found.directions.items():
        if name != "kind":
            assert np.array_equal(stored.directions[name], column, equal_nan=True), name
    assert list(stored.directions["kind"]) == ["eigenvector"] * 4 + ["random"]
    assert stored.attributes["commutator"] == found.numbers["commutator"]
    assert stored.attributes["sampling"] == "with_replacement"


def test_arrays_and_columns_say_what_they_are(path: Path) -> None:
    with h5py.File(path) as file:
        for variable in ARRAYS[""]:
            array = file[variable.name]
            assert array.attrs["units"] == variable.units
            assert array.attrs["long_name"] == variable.long_name
            assert tuple(axis.label for axis in array.dims) == variable.dimensions
        assert (
            '"curvature": "loss per squared unit of the parameter"'
            in file["directions"].attrs["units"]
        )


def test_the_same_analysis_gives_the_same_bytes(path: Path, tmp_path: Path) -> None:
    results.write(tmp_path / "again.h5", analysed("plain"), ATTRIBUTES)
    assert (tmp_path / "again.h5").read_bytes() == path.read_bytes()


def test_what_is_not_declared_is_not_written(tmp_path: Path) -> None:
    found = analysed("plain")
    with pytest.raises(ValueError, match="'entropy'"):
        results.write(
            tmp_path / "x.h5", found._replace(numbers={**found.numbers, "entropy": 1.0}), {}
        )
    with pytest.raises(ValueError, match="'drawing'"):
        results.write(tmp_path / "x.h5", found._replace(arrays={"drawing": np.ones(1)}), {})
    fewer = {name: column for name, column in found.directions.items() if name != "order"}
    with pytest.raises(ValueError, match="directions: columns"):
        results.write(tmp_path / "x.h5", found._replace(directions=fewer), {})
    assert not list(tmp_path.iterdir())


def test_damaged_files_are_named(path: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.h5: expected a complete langevin file"):
        results.read(tmp_path / "none.h5")
    lacking = tmp_path / "lacking.h5"
    lacking.write_bytes(path.read_bytes())
    with h5py.File(lacking, "a") as file:
        del file.attrs["commutator"]
    checksums.seal_hdf5(lacking)
    with pytest.raises(InputError, match="found one without commutator"):
        results.read(lacking)

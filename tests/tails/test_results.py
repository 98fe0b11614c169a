from pathlib import Path

import h5py
import numpy as np
import pytest

from example_tails import BATCHES, REPEATS, SIZES, TailAnalysis
from gradnoise.errors import InputError
from gradnoise.tails import results
from gradnoise.tails.analysis import TailIndices
from gradnoise.tails.columns import rows_of
from gradnoise.tails.population import Population

LARGEST = {
    **{"batch_size": 640, "batches": 200, "repeat": 2, "live": 19},
    **{"share_converged": 0.75, "alpha_mean": 1.875},
}


@pytest.fixture
def written(analysis: TailAnalysis, tmp_path: Path) -> Path:
    path, index = tmp_path / "conv1.weight.h5", 3 * np.arange(120)
    rows = rows_of("largest", [LARGEST])
    population = Population({"top": np.array([5, 2])}, {"largest": rows})
    axes = {"batch_sizes": SIZES, "repeats": REPEATS}
    found = TailIndices(analysis.indices, analysis.norms)
    results.write(path, found, population, index, axes, {"batches": BATCHES})
    return path


def test_every_array_says_what_it_is(written: Path) -> None:
    def described(name: str, item: h5py.Dataset | h5py.Group) -> None:
        if isinstance(item, h5py.Dataset):
            assert item.attrs["long_name"], name
            assert "units" in item.attrs, name
            assert all(dimension.label for dimension in item.dims) or item.dtype.names, name

    with h5py.File(written) as file:
        file.visititems(described)
        scale = file["coordinates/ecf/scale"]
        assert scale.attrs["units"] == "loss per unit of the parameter"
        assert [dimension.label for dimension in scale.dims] == [
            *("batch_size", "repeat", "coordinate")
        ]


def test_what_a_level_is_applied_to_is_read(written: Path, analysis: TailAnalysis) -> None:
    found = results.read_tails(written)
    assert set(found.indices) == {"ecf", "mcculloch", "mohammadi"}
    for method, fields in analysis.indices.items():
        for name, values in fields.items():
            np.testing.assert_array_equal(found.indices[method][name], values)
    assert found.largest is not None
    assert dict(zip(found.largest.dtype.names, found.largest[0], strict=True)) == LARGEST
    assert found.top.tolist() == [5, 2]
    assert found.batches == BATCHES


def test_a_layer_without_samples_has_no_largest_batch(
    analysis: TailAnalysis, tmp_path: Path
) -> None:
    path, axes = tmp_path / "x.h5", {"batch_sizes": SIZES, "repeats": REPEATS}
    indices = TailIndices(analysis.indices, analysis.norms)
    results.write(path, indices, Population({}, {}), np.arange(120), axes, {"batches": 200})
    found = results.read_tails(path)
    assert found.largest is None
    assert found.top.size == 0


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"conv1\.weight\.h5: expected a complete tails file"):
        results.read_tails(tmp_path / "conv1.weight.h5")

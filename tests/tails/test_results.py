from pathlib import Path

import h5py
import numpy as np
import pytest

from example_tails import BATCHES, REPEATS, SIZES
from gradnoise.errors import InputError
from gradnoise.tails import results
from gradnoise.tails.analysis import TailAnalysis, tail_examples
from gradnoise.tails.population import Population
from gradnoise.tails.results import Example


@pytest.fixture
def written(
    analysis: TailAnalysis,
    noise: list[np.ndarray],
    tested: tuple[np.ndarray, np.ndarray],
    tmp_path: Path,
) -> tuple[Path, list[Example]]:
    shown = tail_examples(analysis, noise[0], SIZES, BATCHES, *tested, 0.05)
    path, index = tmp_path / "conv1.weight.h5", 3 * np.arange(noise[0].shape[-1])
    population = Population({"top": np.array([5, 2])}, {})
    axes = {"batch_sizes": SIZES, "repeats": REPEATS}
    results.write(path, analysis, shown, population, index, axes, {"batches": BATCHES})
    return path, shown


def test_every_array_says_what_it_is(written: tuple[Path, list[Example]]) -> None:
    def described(name: str, item: h5py.Dataset | h5py.Group) -> None:
        if isinstance(item, h5py.Dataset):
            assert item.attrs["long_name"], name
            assert "units" in item.attrs, name
            assert all(dimension.label for dimension in item.dims) or item.dtype.names, name

    with h5py.File(written[0]) as file:
        file.visititems(described)
        scale = file["coordinates/ecf/scale"]
        assert scale.attrs["units"] == "loss per unit of the parameter"
        assert [dimension.label for dimension in scale.dims] == [
            *("batch_size", "repeat", "coordinate")
        ]


def test_what_was_written_is_read(
    written: tuple[Path, list[Example]], analysis: TailAnalysis
) -> None:
    path, shown = written
    found = results.read_histograms(path, "mcculloch")
    assert found.batch_sizes.tolist() == SIZES
    for name, values in analysis.histograms["mcculloch"].items():
        np.testing.assert_array_equal(getattr(found, name), values)
    assert results.read_top_samples(path).tolist() == [5, 2]
    rows = results.read_table(path, "summary")
    assert rows is not None
    assert set(rows["method"]) == {"ecf", "mcculloch", "mohammadi"}
    np.testing.assert_array_equal(rows["alpha_mean"], analysis.summary["alpha_mean"])
    assert results.read_table(path, "growth") is None
    for one, read in zip(shown, results.read_examples(path), strict=True):
        assert read[:2] == one[:2]
        assert read.position == 3 * one.position
        assert read[3:6] == one[3:6]
        np.testing.assert_array_equal(read.samples, one.samples)


def test_a_layer_without_examples_or_samples_has_none(
    analysis: TailAnalysis, tmp_path: Path
) -> None:
    path, axes = tmp_path / "x.h5", {"batch_sizes": SIZES, "repeats": REPEATS}
    results.write(path, analysis, [], Population({}, {}), np.arange(120), axes, {"batches": 200})
    assert results.read_examples(path) == []
    assert results.read_top_samples(path).size == 0


def test_a_file_without_the_method_is_named(written: tuple[Path, list[Example]]) -> None:
    with pytest.raises(InputError, match=r"conv1\.weight\.h5: expected a complete tails file"):
        results.read_histograms(written[0], "ml")

"""Small images of the data set that comes along."""

import h5py
import numpy as np
import pytest

from gradnoise.data import embedded
from gradnoise.data.embedded import place
from gradnoise.data.small_images import small_images
from gradnoise.errors import InputError


def test_small_images_are_means_of_squares_centred_and_scaled() -> None:
    inputs, classes = small_images(np.random.default_rng(4), 300, 14)
    assert inputs.shape == (300, 196)
    assert set(classes) == set(range(10))
    assert inputs.mean(axis=0) == pytest.approx(np.zeros(196), abs=1e-12)
    assert inputs.std() == pytest.approx(1)
    with h5py.File(place()) as file:
        chosen = np.sort(np.random.default_rng(4).choice(10_000, 300, replace=False))
        whole = file["train"]["inputs"][chosen].astype(float)
        assert np.array_equal(classes, file["train"]["targets"][chosen])
    # Of the fourth row of squares the third.
    square = whole[:, 0, 6:8, 4:6].mean(axis=(1, 2))
    assert np.corrcoef(square, inputs[:, 3 * 14 + 2])[0, 1] == pytest.approx(1)
    assert inputs[:, 44].std() != pytest.approx(1, abs=0.01)


def test_a_missing_file_is_one_line(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(embedded, "FILE", tmp_path / "none.h5")
    with pytest.raises(InputError, match=r"none\.h5: expected a complete data file"):
        small_images(np.random.default_rng(0), 5, 7)

"""Small images of the data set that comes along."""

import h5py
import numpy as np
import pytest

from gradnoise.data import embedded
from gradnoise.data.embedded import place
from gradnoise.data.small_images import labelled_images, small_images
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


def test_labelled_images_are_so_many_of_each_class_and_pixels_go_with_their_class() -> None:
    inputs, classes = labelled_images(np.random.default_rng(4), np.array([3, 0, 1000, 1000]), 7)
    assert list(np.bincount(classes)) == [3, 0, 1000, 1000]
    assert inputs.std() == pytest.approx(1)
    # Of two classes all images are taken.
    with h5py.File(place()) as file:
        targets, images = file["train/targets"][...], file["train/inputs"][...]
    means = [
        images[targets == label].reshape(-1, 7, 4, 7, 4).mean(axis=(0, 2, 4)) for label in (2, 3)
    ]
    ours = [inputs[classes == label].mean(axis=0) for label in (2, 3)]
    expected, found = (means[0] - means[1]).ravel(), ours[0] - ours[1]
    assert found / np.abs(found).max() == pytest.approx(expected / np.abs(expected).max(), abs=1e-5)


def test_more_images_than_a_class_has_are_refused() -> None:
    with pytest.raises(ValueError, match="larger sample than population"):
        labelled_images(np.random.default_rng(4), np.array([1001]), 7)

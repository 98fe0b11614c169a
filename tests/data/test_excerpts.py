import h5py
import numpy as np
import pytest

from example_data import images, publish, save
from gradnoise.data import excerpts
from gradnoise.errors import InputError


@pytest.fixture
def published(tmp_path):
    part = images(30, shape=(3, 8, 9))
    classes = np.array(["a", "b", "c"])
    given = save(tmp_path / "x.npz", inputs=part.inputs, targets=part.targets, classes=classes)
    return tmp_path / "x.h5", publish(given, tmp_path / "x.h5")


def test_targets_come_without_the_inputs(published):
    path, whole = published
    targets, classes = excerpts.read_targets(path)
    np.testing.assert_array_equal(targets, whole.train_targets)
    assert classes == ("a", "b", "c")


def test_images_come_in_the_order_asked_for_from_dark_to_bright(published):
    path, whole = published
    found, labels = excerpts.read_images(path, np.array([5, 0, 11]))
    assert found.shape == (3, 8, 9, 3)
    assert (found.min(axis=(1, 2, 3)) == 0).all()
    assert (found.max(axis=(1, 2, 3)) == 1).all()
    assert labels == ["abc"[whole.train_targets[i]] for i in (5, 0, 11)]
    with h5py.File(path) as file:
        stored = file["train/inputs"][5].astype(float)
    scaled = (stored - stored.min()) / (stored.max() - stored.min())
    np.testing.assert_allclose(found[0], scaled.transpose(1, 2, 0))


def test_data_that_are_no_images_have_none(tmp_path):
    publish({"dataset": "linear_regression"}, tmp_path / "x.h5")
    assert excerpts.read_images(tmp_path / "x.h5", np.array([0])) is None


def test_a_file_describes_itself(published):
    path, whole = published
    (found,) = excerpts.describe_data([path])
    assert (found["data_set"], found["checksum"]) == ("arrays", whole.checksum)
    assert (found["train_samples"], found["test_samples"]) == (24, 6)
    assert found["inputs"].startswith("images, centred and scaled per channel by")


def test_samples_of_sequences_have_no_class_of_their_own(tmp_path):
    tokens = np.arange(60).reshape(12, 5)
    publish(save(tmp_path / "x.npz", inputs=tokens, targets=tokens % 4), tmp_path / "x.h5")
    targets, classes = excerpts.read_targets(tmp_path / "x.h5")
    assert (targets.shape, classes) == ((10, 5), ())


def test_another_file_is_named(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["something"] = 1
    with pytest.raises(InputError, match=r"x.h5: expected a complete data file"):
        excerpts.read_targets(tmp_path / "x.h5")

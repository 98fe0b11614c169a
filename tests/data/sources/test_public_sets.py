from dataclasses import replace

import numpy as np
import pytest

from example_data import describe, images, publish, read, settings_of
from gradnoise.data import catalogue
from gradnoise.data.entry import Description
from gradnoise.data.sources.public_sets import PUBLIC_SETS
from gradnoise.errors import InputError


def index_file(values: np.ndarray) -> bytes:
    header = bytes([0, 0, 8, values.ndim]) + b"".join(n.to_bytes(4, "big") for n in values.shape)
    return header + values.astype(np.uint8).tobytes()


def shrink(monkeypatch, name):
    """The entry, with 40 and 20 samples."""
    small = replace(PUBLIC_SETS[name], train_samples=40, test_samples=20)
    monkeypatch.setitem(catalogue.DATA_SETS, name, small)


def put_index_files(folder):
    """Files of MNIST and its kin; the last part's images."""
    folder.mkdir(parents=True)
    for split, count in (("train", 40), ("t10k", 20)):
        part = images(count, 10, (28, 28))
        (folder / f"{split}-images-idx3-ubyte").write_bytes(index_file(part.inputs))
        (folder / f"{split}-labels-idx1-ubyte").write_bytes(index_file(part.targets))
    return part.inputs


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "folder", "third"),
    [
        ("mnist", "MNIST/raw", "3 - three"),
        ("kmnist", "KMNIST/raw", "tsu"),
        ("fashion_mnist", "FashionMNIST/raw", "Dress"),
    ],
)
def test_mnist_and_its_kin_are_read_through_torchvision(tmp_path, monkeypatch, name, folder, third):
    shrink(monkeypatch, name)
    given = {"dataset": name, "path": str(tmp_path)}
    assert catalogue.input_files(settings_of(given)) == [tmp_path / folder]
    assert catalogue.input_files(settings_of(given | {"download": True})) == []
    inputs = put_index_files(tmp_path / folder)
    data = publish(given, tmp_path / "x.h5")
    assert data.train_inputs.shape == (40, 1, 28, 28)
    assert data.classes[3] == third

    test_images = tmp_path / folder / "t10k-images-idx3-ubyte"
    test_images.write_bytes(index_file(inputs)[:-100])
    with pytest.raises(InputError, match=f"{folder}: expected the files of .*, found"):
        read(given)
    test_images.write_bytes(index_file(inputs[:10]))
    with pytest.raises(InputError, match="found 10 test samples; expected 20"):
        read(given)


@pytest.mark.slow
def test_house_numbers_are_read_through_torchvision_with_zero_as_class_zero(tmp_path, monkeypatch):
    from scipy.io import savemat
    from torchvision import datasets

    shrink(monkeypatch, "svhn")
    monkeypatch.setattr(datasets.SVHN, "_check_integrity", lambda self: True)
    parts = {}
    for split, count in (("train", 40), ("test", 20)):
        parts[split] = images(count, 10, (32, 32, 3))
        labels = np.where(parts[split].targets == 0, 10, parts[split].targets)  # as published
        content = {"X": parts[split].inputs.transpose(1, 2, 3, 0), "y": labels[:, None]}
        savemat(tmp_path / f"{split}_32x32.mat", content)
    given = {"dataset": "svhn", "path": str(tmp_path)}
    files = [tmp_path / "train_32x32.mat", tmp_path / "test_32x32.mat"]
    assert catalogue.input_files(settings_of(given)) == files
    source = read(given)
    assert source.classes == tuple("0123456789")
    np.testing.assert_array_equal(source.train.targets, parts["train"].targets)
    np.testing.assert_array_equal(
        source.test.inputs, parts["test"].inputs.transpose(0, 3, 1, 2), strict=True
    )


@pytest.mark.parametrize("name", list(PUBLIC_SETS))
def test_an_absent_public_set_is_named_and_described_as_published(tmp_path, name):
    given, public = {"dataset": name, "path": str(tmp_path)}, PUBLIC_SETS[name]
    with pytest.raises(InputError, match=rf"found no such .* files of {public.title}, or download"):
        read(given)
    assert describe(given) == Description(public.shape, public.classes, public.train_samples)

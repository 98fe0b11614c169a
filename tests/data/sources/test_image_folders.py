import io
import tarfile

import numpy as np
import pytest
from PIL import Image

from example_data import collection, describe, encoded, pack, publish, read, unpack
from gradnoise.data.dataset import load
from gradnoise.errors import InputError


def test_folder_and_every_kind_of_tar_give_the_same_data(tmp_path):
    files = collection()
    checksums = {publish(unpack(files, tmp_path / "folder"), tmp_path / "x.h5").checksum}
    shuffled = dict(sorted(files.items(), key=lambda item: item[1]))
    for compression in ("", "gz", "bz2", "xz"):
        settings = pack(shuffled, tmp_path / f"x{compression}.tar", compression, top="pets/")
        checksums.add(publish(settings, tmp_path / "x.h5").checksum)
    assert len(checksums) == 1
    data = load(tmp_path / "x.h5")
    assert data.train_inputs.shape == (12, 3, 8, 9)
    assert data.test_inputs.shape == (4, 3, 8, 9)
    assert data.classes == ("cat", "dog")
    assert data.train_targets.tolist() == [0] * 6 + [1] * 6
    assert describe(settings) is None


def test_pixels_arrive_unchanged(tmp_path):
    files = collection()
    source = read(unpack(files, tmp_path))
    expected = np.asarray(Image.open(io.BytesIO(files["train/dog/0.png"])))
    np.testing.assert_array_equal(source.train.inputs[6].transpose(1, 2, 0), expected)


def test_grey_images_have_one_channel_and_mixed_ones_three(tmp_path):
    files = collection(grey=True)
    assert read(unpack(files, tmp_path / "grey")).train.inputs.shape[1] == 1
    files["train/cat/0.png"] = collection()["train/cat/0.png"]
    mixed = read(unpack(files, tmp_path / "mixed")).train.inputs
    assert mixed.shape[1] == 3
    np.testing.assert_array_equal(mixed[1, 0], mixed[1, 2])


def test_folder_without_test_split_holds_some_out(tmp_path):
    files = {name: data for name, data in collection().items() if not name.startswith("test/")}
    source = read(unpack(files, tmp_path) | {"test_fraction": 0.5})
    assert source.train.targets.tolist() == source.test.targets.tolist() == [0] * 3 + [1] * 3


def test_images_of_different_sizes_need_an_image_size(tmp_path):
    files = collection()
    files["train/dog/3.png"] = encoded(np.zeros((20, 10, 3), np.uint8))
    settings = unpack(files, tmp_path)
    with pytest.raises(
        InputError,
        match=r"train/dog/3.png: found 10 x 20 pixels; expected 9 x 8, like .* image_size",
    ):
        read(settings)
    assert read(settings | {"image_size": 6}).train.inputs.shape == (12, 3, 6, 6)


@pytest.mark.parametrize("above", ["", "training/", "val/", "Train/"])
def test_classes_that_lie_in_no_train_folder_are_named_with_the_way_out(tmp_path, above):
    pixels = encoded(np.zeros((8, 9), np.uint8))
    files = {f"{above}{name}/{number}.png": pixels for name in ("cat", "dog") for number in (1, 2)}
    message = rf"found the image {above}cat/1.png; expected train/<class>/.*into one named train \("
    for settings in (unpack(files, tmp_path / "x"), pack(files, tmp_path / "x.tar", "xz")):
        with pytest.raises(InputError, match=message):
            read(settings)


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("train/dog/2.png", b"", "train/dog/2.png: expected an image"),
        ("train/dog/2.png", "half", "train/dog/2.png: expected an image, found"),
        (
            "train/stray.png",
            encoded(np.zeros((8, 9), np.uint8)),
            "train/stray.png; expected train/<c",
        ),
        ("test/bird/1.png", encoded(np.zeros((8, 9), np.uint8)), "no training sample of class 0"),
        ("train/dog/2.png", encoded(np.zeros((8, 9), np.uint16)), "found pixel mode I"),
    ],
)
def test_faulty_images_are_named(tmp_path, name, data, message):
    files = collection()
    files[name] = files[name][: len(files[name]) // 2] if data == "half" else data
    for settings in (unpack(files, tmp_path / "x"), pack(files, tmp_path / "x.tar", "xz")):
        with pytest.raises(InputError, match=message) as caught:
            read(settings)
        assert settings["path"] in str(caught.value)


def test_empty_class_folder_is_named(tmp_path):
    settings = unpack(collection(), tmp_path)
    (tmp_path / "train/bird").mkdir()
    with pytest.raises(InputError, match=r"no training sample of class 0 \('bird'\)"):
        read(settings)


def test_nothing_to_read_is_named(tmp_path):
    settings = {"dataset": "image_folder", "path": str(tmp_path)}
    with pytest.raises(InputError, match="found no training image; expected train/<class>"):
        read(settings)
    with pytest.raises(InputError, match="found nothing; expected a folder or tar"):
        read(settings | {"path": str(tmp_path / "missing")})


@pytest.mark.parametrize("compression", ["", "gz", "bz2", "xz"])
@pytest.mark.parametrize("cut", ["last bytes", "between members", "half", "no tar"])
def test_truncated_tar_is_refused_wherever_it_is_cut(tmp_path, compression, cut):
    path = tmp_path / "x.tar"
    settings = pack(collection(size=(50, 50)), path, compression)
    content = path.read_bytes()
    if cut == "between members" and not compression:
        with tarfile.open(path) as tar:
            keep = tar.getmembers()[-3].offset
    else:
        keep = len(content) - 5 if compression else len(content) - 10_000
        keep = len(content) // 2 if cut == "half" else keep
    path.write_bytes(b"no tar" * 200 if cut == "no tar" else content[:keep])
    with pytest.raises(InputError, match=r"x.tar: found .* expected a whole tar"):
        read(settings)

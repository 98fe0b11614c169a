import io
import os
import tarfile
from pathlib import Path

import numpy as np
import pytest

from example_data import collection, encoded, pack, read, unpack
from gradnoise.data import catalogue
from gradnoise.errors import InputError

PICTURE = encoded(np.full((8, 9, 3), 7, np.uint8))
LINKS = {"hard": (tarfile.LNKTYPE, "train/cat/0.png"), "symbolic": (tarfile.SYMTYPE, "0.png")}


def linked(path: Path, links: dict[str, tuple[bytes, str]]) -> dict:
    """A tar of the small collection with links behind its files."""
    with tarfile.open(path, "w") as tar:
        for name, data in collection().items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
        for name, (kind, target) in links.items():
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, target
            tar.addfile(member)
    return {"dataset": "image_folder", "path": str(path)}


@pytest.mark.parametrize("kind", LINKS)
def test_links_of_a_tar_are_the_images_that_they_point_to(tmp_path, kind):
    links = {"train/cat/copy.png": LINKS[kind], "train/cat/d.png": (LINKS[kind][0], "")}
    again = "train/cat/copy.png" if kind == "hard" else "copy.png"
    links["train/cat/d.png"] = (LINKS[kind][0], again)
    train = read(linked(tmp_path / "x.tar", links)).train
    assert np.bincount(train.targets).tolist() == [8, 6]
    np.testing.assert_array_equal(train.inputs[6], train.inputs[0])
    np.testing.assert_array_equal(train.inputs[7], train.inputs[0])


@pytest.mark.parametrize(
    ("name", "kind", "target", "message"),
    [
        (
            "train/cat/a.png",
            tarfile.SYMTYPE,
            "../../pool/a.png",
            "cat/a.png: found a link to pool/a",
        ),
        ("train/cat/a.png", tarfile.SYMTYPE, "a.png", "cat/a.png: found a link to train/cat/a.png"),
        ("train/cat/a.png", tarfile.LNKTYPE, "README.txt", "README.txt, which is no image"),
        ("train/eel", tarfile.SYMTYPE, "../pool", "train/eel: found a link to a folder"),
        ("train/cat/a.png", tarfile.FIFOTYPE, "", "a.png: found neither file, folder nor link"),
    ],
)
def test_links_of_a_tar_that_lead_to_no_image_are_named(tmp_path, name, kind, target, message):
    with pytest.raises(InputError, match=message) as caught:
        read(linked(tmp_path / "x.tar", {name: (kind, target)}))
    assert str(tmp_path / "x.tar") in str(caught.value)


def test_a_file_behind_a_link_of_the_same_name_stands_for_it(tmp_path):
    settings = linked(tmp_path / "x.tar", {"train/cat/a.png": LINKS["hard"]})
    with tarfile.open(tmp_path / "x.tar", "a") as tar:
        member = tarfile.TarInfo("train/cat/a.png")
        member.size = len(PICTURE)
        tar.addfile(member, io.BytesIO(PICTURE))
    assert (read(settings).train.inputs[6] == 7).all()


def test_links_on_disk_are_followed_and_listed(tmp_path):
    settings = unpack(collection(), tmp_path / "x")
    pool = tmp_path / "pool"
    unpack({"0.png": PICTURE, "1.png": PICTURE}, pool)
    unpack({"test/eel/0.png": PICTURE}, tmp_path / "x")
    (tmp_path / "x/train/eel").symlink_to(pool)
    (tmp_path / "x/train/cat/9.png").symlink_to(pool / "0.png")
    source = read(settings)
    assert source.classes == ("cat", "dog", "eel")
    assert np.bincount(source.train.targets).tolist() == [7, 6, 2]
    before = catalogue.listing(tmp_path / "x")
    (pool / "1.png").unlink()
    assert catalogue.listing(tmp_path / "x") != before


def break_a_link(folder: Path) -> None:
    (folder / "train/cat/9.png").symlink_to("/nowhere/9.png")


def link_to_itself(folder: Path) -> None:
    (folder / "train/cat/9.png").symlink_to("9.png")


def lose_a_class(folder: Path) -> None:
    (folder / "train/eel").symlink_to("/nowhere/eel")


def lay_a_pipe(folder: Path) -> None:
    os.mkfifo(folder / "train/cat/9.png")


def turn_in_a_circle(folder: Path) -> None:
    (folder / "train/cat/up").symlink_to(folder / "train")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (break_a_link, r"train/cat/9.png: found a link to /nowhere/9.png, which is missing"),
        (link_to_itself, r"train/cat/9.png: found a link to 9.png, which is missing"),
        (lose_a_class, r"train/eel: found a link to /nowhere/eel, which is missing"),
        (lay_a_pipe, r"train/cat/9.png: found a pipe, socket or device"),
        (turn_in_a_circle, r"train/cat/up: found a link to .*train, a folder that it lies in"),
    ],
)
def test_what_holds_no_data_is_named_while_planning_and_reading(tmp_path, spoil, message):
    settings = unpack(collection(), tmp_path)
    spoil(tmp_path)
    with pytest.raises(InputError, match=message):
        read(settings)
    with pytest.raises(InputError, match=message):
        catalogue.listing(tmp_path)


def test_a_pipe_in_place_of_the_collection_is_named(tmp_path):
    os.mkfifo(tmp_path / "x.tar")
    with pytest.raises(InputError, match=r"x.tar: found a pipe, socket or device"):
        read({"dataset": "image_folder", "path": str(tmp_path / "x.tar")})


@pytest.mark.parametrize(
    "name",
    [
        "train/.ipynb_checkpoints/0-checkpoint.png",
        "train/cat/.ipynb_checkpoints/0-checkpoint.png",
        "train/cat/._0.png",
        "train/cat/.DS_Store",
        "__MACOSX/train/cat/0.png",
        "train/cat/@eaDir/0.png",
        ".git/train/cat/0.png",
    ],
)
def test_what_editors_and_systems_leave_is_no_data(tmp_path, name):
    files = collection()
    expected = read(unpack(files, tmp_path / "plain")).train
    files[name] = PICTURE
    for settings in (unpack(files, tmp_path / "x"), pack(files, tmp_path / "x.tar", "gz", "./")):
        source = read(settings)
        assert source.classes == ("cat", "dog")
        np.testing.assert_array_equal(source.train.inputs, expected.inputs)


def test_hidden_files_do_not_change_a_listing(tmp_path):
    unpack(collection(), tmp_path)
    before = catalogue.listing(tmp_path)
    unpack({"train/.ipynb_checkpoints/0.png": PICTURE}, tmp_path)
    assert catalogue.listing(tmp_path) == before


def test_a_second_copy_of_the_collection_is_named(tmp_path):
    files = collection()
    copy = {f"backup/{name}": data for name, data in files.items()}
    with pytest.raises(
        InputError, match=r"found the folder test both in \. and in backup|backup and"
    ):
        read(unpack(files | copy, tmp_path))


def test_images_of_other_kinds_are_not_left_out_in_silence(tmp_path):
    with pytest.raises(InputError, match=r"cat/7.TIF: found an image of kind .tif; expected .jpg"):
        read(unpack(collection() | {"train/cat/7.TIF": b"II*"}, tmp_path))

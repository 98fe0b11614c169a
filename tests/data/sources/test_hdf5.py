from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from example_data import RANDOM, describe, read
from gradnoise.errors import InputError

LABELS = np.arange(24) % 3
FEATURES = RANDOM.normal(size=(24, 5))


def group(file: Any) -> None:
    file.create_group("inputs")


def group_of_train(file: Any) -> None:
    file.create_group("train/inputs")


def empty(file: Any) -> None:
    file.create_dataset("inputs", data=h5py.Empty("f4"))


def named_type(file: Any) -> None:
    file["inputs"] = np.dtype("f4")


def name_of_bytes(file: Any) -> None:
    file[b"input\xb3"] = FEATURES


def twice(file: Any) -> None:
    file["inputs"], file["train/inputs"] = FEATURES, FEATURES + 100


def data_set_for_a_group(file: Any) -> None:
    file["inputs"], file["test"] = FEATURES, FEATURES


def lost_link(file: Any) -> None:
    file["inputs"] = h5py.ExternalLink("gone.h5", "/x")


def lost_link_of_train(file: Any) -> None:
    file.create_group("train")["inputs"] = h5py.SoftLink("/gone")


def never_written(file: Any) -> None:
    file.create_dataset("inputs", (24, 5), "f4")


def written_in_part(file: Any) -> None:
    file.create_dataset("inputs", (24, 5), "f4", chunks=(12, 5))[:12] = 1


def packed(file: Any) -> None:
    file["inputs"] = FEATURES
    file["inputs"].attrs["scale_factor"] = 0.1


def external(file: Any) -> None:
    place = Path(file.filename).with_name("gone.raw")
    file.create_dataset("inputs", (24, 5), "f4", external=[(str(place), 0, 480)])


def two_lists_of_classes(file: Any) -> None:
    file["inputs"], file["classes"] = FEATURES, np.array([b"a", b"b", b"c"])
    file.attrs["classes"] = ["a", "b", "d"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (group, "found inputs to be a group"),
        (group_of_train, "found train/inputs to be a group"),
        (empty, "found inputs to be a data set without values"),
        (named_type, "found inputs to be a group or type"),
        (name_of_bytes, r"found b'input\\xb3', targets, no inputs"),
        (twice, "found both inputs and train/inputs"),
        (data_set_for_a_group, "found test to be a data set; expected a group"),
        (lost_link, "found inputs in / to be a link that leads nowhere"),
        (lost_link_of_train, "found inputs in /train to be a link that leads nowhere"),
        (never_written, "found inputs never written"),
        (written_in_part, "found 1 of 2 chunks of inputs written"),
        (packed, "found inputs packed by scale_factor"),
        (external, "found the values of inputs in .*gone.raw, which is missing"),
        (two_lists_of_classes, "found other classes in the attribute"),
    ],
)
def test_what_a_file_lacks_is_named(tmp_path, make: Callable[[Any], None], message):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        make(file)
        file["targets"] = LABELS
    settings = {"dataset": "arrays", "path": str(tmp_path / "x.h5")}
    for function in (read, describe):
        with pytest.raises(InputError, match=message) as caught:
            function(settings)
        assert str(tmp_path / "x.h5") in str(caught.value)


def view(folder: Path, parts: int = 2) -> dict:
    """A virtual data set of two files, 12 images each."""
    with h5py.File(folder / "all.h5", "w") as file:
        layout = h5py.VirtualLayout((24, 8, 8), np.uint8)
        for part in range(parts):
            with h5py.File(folder / f"part{part}.h5", "w") as source:
                source["x"] = np.full((12, 8, 8), part + 1, np.uint8)
            layout[12 * part : 12 * part + 12] = h5py.VirtualSource(
                f"part{part}.h5", "x", (12, 8, 8)
            )
        file.create_virtual_dataset("inputs", layout)
        file["targets"] = LABELS
    return {"dataset": "arrays", "path": str(folder / "all.h5")}


def test_a_virtual_data_set_is_read_through_its_sources(tmp_path):
    train = read(view(tmp_path)).train.inputs
    assert np.unique(train).tolist() == [1, 2]


def test_a_virtual_data_set_without_all_sources_is_named(tmp_path):
    with pytest.raises(InputError, match="found sources for 768 of the 1536 values of inputs"):
        read(view(tmp_path, parts=1))
    settings = view(tmp_path)
    with h5py.File(tmp_path / "part1.h5", "w") as file:
        file["x"] = np.ones((5, 8, 8), np.uint8)
    with pytest.raises(
        InputError, match=r"768 values of x in .*part1.h5, whose shape is \(5, 8, 8"
    ):
        read(settings)
    with h5py.File(tmp_path / "part1.h5", "w") as file:
        file["y"] = 1
    with pytest.raises(InputError, match=r"a view of x in .*part1.h5, which has none"):
        read(settings)
    (tmp_path / "part1.h5").unlink()
    with pytest.raises(InputError, match=r"a view of part1.h5, which is missing"):
        read(settings)

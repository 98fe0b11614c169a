import h5py
import numpy as np
import pytest

from example_data import describe, images, publish, read, save, settings_of
from gradnoise.data import catalogue
from gradnoise.data.entry import Description
from gradnoise.errors import InputError


@pytest.mark.parametrize("suffix", [".npz", ".h5"])
def test_arrays_with_and_without_test_split(tmp_path, suffix):
    train, test = images(30), images(9)
    path = tmp_path / f"x{suffix}"
    settings = save(path, inputs=train.inputs, targets=train.targets)
    data = publish(settings | {"test_fraction": 0.2}, tmp_path / "out.h5")
    assert np.bincount(data.train_targets).tolist() == [8, 8, 8]
    assert np.bincount(data.test_targets).tolist() == [2, 2, 2]
    assert describe(settings) == Description((1, 8, 8), 3, 24)

    given = {"test_inputs": test.inputs, "test_targets": test.targets}
    settings = save(path, inputs=train.inputs, targets=train.targets, **given)
    data = publish(settings, tmp_path / "out.h5")
    assert (len(data.train_targets), len(data.test_targets)) == (30, 9)
    assert describe(settings) == Description((1, 8, 8), 3, 30)
    assert catalogue.input_files(settings_of(settings)) == [path]


def test_the_stage_reads_what_it_wrote(tmp_path):
    first = publish({"subset": 100}, tmp_path / "a.h5")
    settings = {"dataset": "arrays", "path": str(tmp_path / "a.h5")}
    again = publish(settings, tmp_path / "b.h5")
    assert again.checksum == first.checksum
    assert again.classes == first.classes
    assert describe(settings) == Description((1, 28, 28), 10, 100)


@pytest.mark.parametrize(
    ("shape", "stored"),
    [
        ((8, 9), (1, 8, 9)),
        ((3, 8, 9), (3, 8, 9)),
        ((8, 9, 3), (3, 8, 9)),
        ((3, 8, 3), (3, 8, 3)),
        ((8, 9, 2), (2, 8, 9)),
        ((2, 8, 9), (2, 8, 9)),
    ],
)
def test_image_layouts(tmp_path, shape, stored):
    part = images(12, shape=shape)
    settings = save(tmp_path / "x.npz", inputs=part.inputs, targets=part.targets)
    source = read(settings)
    assert source.train.inputs.shape[1:] == stored
    assert describe(settings).input_shape == stored
    if stored != shape and len(shape) == 3:
        assert source.train.inputs[0].transpose(1, 2, 0).tobytes() in part.inputs.tobytes()


def test_regression_targets_get_an_outputs_axis(tmp_path):
    settings = save(tmp_path / "x.h5", inputs=np.ones((10, 2)), targets=np.arange(10))
    data = publish(settings | {"task": "regression"}, tmp_path / "out.h5")
    assert (data.train_targets.shape, data.train_targets.dtype) == ((8, 1), np.float32)
    assert (data.outputs, data.classes) == (1, ())
    described = describe(settings | {"task": "regression"})
    assert described == Description((2,), 1, 8)


@pytest.mark.parametrize("suffix", [".npz", ".h5"])
@pytest.mark.parametrize("damage", ["truncated", "altered", "empty", "missing"])
def test_damaged_array_files_are_named(tmp_path, suffix, damage):
    part = images(200)
    path = tmp_path / f"x{suffix}"
    settings = save(path, inputs=part.inputs, targets=part.targets)
    if suffix == ".h5":
        with h5py.File(path, "w") as file:
            for name in ("inputs", "targets"):
                file.create_dataset(name, data=getattr(part, name), fletcher32=True)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    changed = {"truncated": content[: len(content) * 2 // 3], "altered": content, "empty": b""}
    path.unlink() if damage == "missing" else path.write_bytes(changed[damage])
    with pytest.raises(InputError, match=rf"x{suffix}: (expected a whole|found no such file)"):
        read(settings)


def test_unknown_suffix_is_named(tmp_path):
    (tmp_path / "x.csv").write_text("1,2")
    with pytest.raises(InputError, match=r"found suffix '.csv'; expected .npz or .h5"):
        read({"dataset": "arrays", "path": str(tmp_path / "x.csv")})


@pytest.mark.parametrize("suffix", [".npz", ".h5"])
@pytest.mark.parametrize(
    "names", [["cat", "dog", "eel"], [b"cat", b"dog", b"eel"], [["cat"], ["dog"], ["eel"]]]
)
def test_class_names_are_read_as_text_however_they_are_kept(tmp_path, suffix, names):
    part, text = images(30), np.array(names)
    given = text.astype("S") if suffix == ".h5" else text
    settings = save(
        tmp_path / f"x{suffix}", inputs=part.inputs, targets=part.targets, classes=given
    )
    assert read(settings).classes == ("cat", "dog", "eel")

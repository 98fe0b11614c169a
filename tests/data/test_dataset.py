import h5py
import numpy as np
import pytest

from example_data import publish, save
from gradnoise.data.dataset import load
from gradnoise.data.variables import ARRAYS
from gradnoise.errors import InputError


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.999])
def test_truncated_file_is_refused(tmp_path, share):
    publish({"dataset": "linear_regression"}, path := tmp_path / "x.h5")
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(InputError, match=r"x.h5: expected a data set .* damaged"):
        load(path)


def test_altered_sample_is_refused(tmp_path):
    publish({"dataset": "linear_regression"}, path := tmp_path / "x.h5")
    with h5py.File(path, "r+") as file:
        file["train/targets"][17] += 1e-6
    with pytest.raises(InputError, match=r"x.h5: found checksums .* the file was altered"):
        load(path)


@pytest.mark.parametrize("what", ["mean", "outputs", "parameters"])
def test_altered_record_is_refused(tmp_path, what):
    publish({"dataset": "linear_regression"}, path := tmp_path / "x.h5")
    with h5py.File(path, "r+") as file:
        if what == "parameters":
            file[what][0] += 1
        else:
            file.attrs[what] = file.attrs[what] + 1
    with pytest.raises(InputError, match="the file was altered"):
        load(path)


def test_another_file_is_refused(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["something"] = 1
    with pytest.raises(InputError, match="expected a data set"):
        load(tmp_path / "x.h5")
    with pytest.raises(InputError, match="found no such file"):
        load(tmp_path / "y.h5")


def test_more_features_than_a_plain_attribute_can_hold(tmp_path):
    settings = save(tmp_path / "x.npz", inputs=np.ones((4, 20_000)), targets=np.array([0, 1, 0, 1]))
    assert publish(settings | {"test_fraction": 0.5}, tmp_path / "x.h5").mean.shape == (20_000,)


@pytest.mark.parametrize(
    ("shape", "dimensions"),
    [
        ((3,), ["sample", "feature"]),
        ((5, 6), ["sample", "feature", "feature_2"]),
        ((3, 8, 8), ["sample", "channel", "row", "column"]),
    ],
)
def test_every_array_says_what_it_is(tmp_path, shape, dimensions):
    dtype = np.uint8 if len(shape) == 3 else np.float32
    inputs = np.arange(10 * np.prod(shape)).reshape(10, *shape).astype(dtype)
    publish(save(tmp_path / "x.npz", inputs=inputs, targets=np.arange(10) % 2), tmp_path / "x.h5")
    with h5py.File(tmp_path / "x.h5") as file:
        assert [axis.label for axis in file["train/inputs"].dims] == dimensions
        assert [axis.label for axis in file["test/targets"].dims] == ["sample"]
        for group, variables in ARRAYS.items():
            for variable in variables if group else ():
                stored = file[group][variable.name]
                assert stored.attrs["long_name"] == variable.long_name
                assert stored.attrs["units"] == variable.units


def test_tokens_and_sequences_say_what_they_are(tmp_path):
    tokens = np.arange(60).reshape(12, 5)
    given = save(tmp_path / "x.npz", inputs=tokens, targets=tokens % 4)
    publish(given, tmp_path / "x.h5")
    with h5py.File(tmp_path / "x.h5") as file:
        assert [axis.label for axis in file["train/inputs"].dims] == ["sample", "feature"]
        assert [axis.label for axis in file["test/targets"].dims] == ["sample", "position"]


def test_an_altered_token_is_refused(tmp_path):
    given = save(tmp_path / "x.npz", inputs=np.arange(24).reshape(12, 2), targets=np.arange(12) % 2)
    publish(given, tmp_path / "x.h5")
    with h5py.File(tmp_path / "x.h5", "r+") as file:
        file["train/inputs"][3, 1] += 1
    with pytest.raises(InputError, match="the file was altered"):
        load(tmp_path / "x.h5")


def test_synthetic_parameters_are_features_by_outputs(tmp_path):
    publish({"dataset": "linear_regression"}, tmp_path / "x.h5")
    with h5py.File(tmp_path / "x.h5") as file:
        assert [axis.label for axis in file["parameters"].dims] == ["feature", "output"]
        assert [axis.label for axis in file["train/targets"].dims] == ["sample", "output"]

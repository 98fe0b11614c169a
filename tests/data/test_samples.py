import numpy as np
import pytest

from example_data import describe, read, save
from gradnoise.errors import InputError


def faulty(**changes: np.ndarray | None) -> dict[str, np.ndarray]:
    arrays = {"inputs": np.ones((12, 3)), "targets": np.arange(12) % 3}
    arrays |= {"test_inputs": np.ones((6, 3)), "test_targets": np.arange(6) % 3}
    return {name: values for name, values in (arrays | changes).items() if values is not None}


def with_value(value: float) -> np.ndarray:
    inputs = np.ones((12, 3))
    inputs[4, 2] = value
    return inputs


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"targets": None}, "no targets; expected inputs, targets"),
        ({"test_targets": None}, "no test_targets; expected"),
        ({"inputs": np.ones(12)}, r"found .*shape \(12,\).*; expected \(samples, features, ...\)"),
        ({"inputs": np.ones((12, 0))}, "none of them 0"),
        ({"targets": np.arange(11) % 3}, "found 12 inputs and 11 targets"),
        ({"targets": np.ones((12, 2), int)}, r"found int64 of shape \(12, 2\); expected integer"),
        ({"targets": np.arange(12) / 2}, "found float64 .* expected integer class labels"),
        ({"targets": np.arange(12) % 3 - 1}, "found label -1 at sample 0 .* expected 0 to"),
        ({"test_targets": np.arange(6)}, "test targets: found label 3 at sample 3 .* 0 to 2"),
        ({"targets": np.array([0, 2] * 6)}, "no training sample of class 1 .* each of the 3"),
        ({"targets": np.zeros(12, int), "test_targets": np.zeros(6, int)}, "found 1 class"),
        ({"classes": np.array(["a", "b"])}, "found label 2 at sample 2 .* expected 0 to 1"),
        ({"classes": np.array(list("abcd"))}, r"no training sample of class 3 \('d'\)"),
    ],
)
def test_faulty_arrays_are_named_by_stage_and_description(tmp_path, changes, message):
    settings = save(tmp_path / "x.npz", **faulty(**changes))
    for function in (read, describe):
        with pytest.raises(InputError, match=message) as caught:
            function(settings)
        assert str(tmp_path / "x.npz") in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"inputs": with_value(np.nan)}, r"training inputs: found nan at \(4, 2\) \(1 such"),
        ({"inputs": with_value(np.inf)}, r"found inf at \(4, 2\)"),
        ({"inputs": with_value(1e300)}, r"found 1e\+300 at .* within float32"),
        ({"inputs": np.full((12, 3), "a")}, "found type <U1; expected real numbers"),
        ({"inputs": np.full((12, 3), None)}, "damaged: Object arrays cannot be loaded"),
        ({"test_inputs": np.ones((6, 4))}, r"test inputs of shape \(4,\).* expected .*\(3,\)"),
        ({"test_inputs": np.ones((6, 3, 3), np.uint8)}, r"test inputs of shape \(1, 3, 3\)"),
    ],
)
def test_faulty_inputs_are_named(tmp_path, changes, message):
    settings = save(tmp_path / "x.npz", **faulty(**changes))
    with pytest.raises(InputError, match=message) as caught:
        read(settings)
    assert str(tmp_path / "x.npz") in str(caught.value)

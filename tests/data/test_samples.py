import numpy as np
import pytest

from example_data import describe, publish, read, save
from gradnoise.data.entry import Description
from gradnoise.data.samples import Samples, Source, check
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
        ({"targets": np.ones((12, 1), int)}, r"shape \(12, 1\); expected .*save targets\[:, 0\]"),
        ({"targets": np.ones((12, 2, 2), int)}, r"int64 of shape \(12, 2, 2\); expected integer"),
        ({"targets": np.eye(3, dtype=int)[np.arange(12) % 3]}, r"one-hot rows.*argmax\(1\)"),
        ({"targets": np.arange(12) / 2}, "found float64 .* expected integer class labels"),
        ({"targets": np.arange(12) % 3 - 1}, "found label -1 at sample 0 .* expected 0 to"),
        ({"test_targets": np.arange(6)}, "test targets: found label 3 at sample 3 .* 0 to 2"),
        ({"targets": np.array([0, 2] * 6)}, "no training sample of class 1 .* each of the 3"),
        ({"targets": np.zeros(12, int), "test_targets": np.zeros(6, int)}, "found 1 class"),
        ({"targets": np.arange(12) % 3 + 1}, "labels from 1 to 3.* subtract 1"),
        ({"targets": np.where(np.arange(12) == 5, 2**32 - 1, 0)}, "label 4294967295 at .*sample 5"),
        ({"targets": np.full(12, 2**64 - 1, np.uint64)}, "label 18446744073709551615 at sample 0"),
        ({"inputs": np.ones((12, 9, 8, 3), np.float32)}, r"channels last; .*moveaxis"),
        ({"inputs": np.ones((12, 8, 8, 2))}, "channels last"),
        ({"inputs": np.ones((12, 8, 8, 5), np.uint8)}, "channels last"),
        ({"classes": np.array("a b c")}, r"classes of shape \(\) .* expected a row of names"),
        ({"classes": np.array(["a", "b", "a"])}, "found the class 'a' twice"),
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
        ({"inputs": np.full((12, 3), None)}, "inputs to be an array of Python objects"),
        ({"test_inputs": np.ones((6, 4))}, r"test inputs of shape \(4,\).* expected .*\(3,\)"),
        ({"test_inputs": np.ones((6, 3, 3), np.uint8)}, r"test inputs of shape \(1, 3, 3\)"),
    ],
)
def test_faulty_inputs_are_named(tmp_path, changes, message):
    settings = save(tmp_path / "x.npz", **faulty(**changes))
    with pytest.raises(InputError, match=message) as caught:
        read(settings)
    assert str(tmp_path / "x.npz") in str(caught.value)


@pytest.mark.parametrize("shape", [(3, 8, 8), (64, 4, 4), (1, 9, 9), (16, 8, 8)])
def test_channels_that_come_first_stay_where_they_are(tmp_path, shape):
    settings = save(
        tmp_path / "x.npz",
        **faulty(test_inputs=None, test_targets=None, inputs=np.ones((12, *shape))),
    )
    assert read(settings | {"test_fraction": 0.3}).train.inputs.shape[1:] == shape


def test_masked_samples_are_named():
    inputs = np.ma.masked_less(np.arange(12.0)[:, None], 3)
    with pytest.raises(InputError, match="training: found masked values"):
        check(Source("x", Samples(inputs, np.arange(12) % 3), None, "classification"))


SEQUENCES = np.arange(60).reshape(12, 5) % 4


def sequences(path, **changes):
    tokens = np.arange(60).reshape(12, 5) % 9
    return save(path, **({"inputs": tokens, "targets": SEQUENCES} | changes))


def test_targets_of_sequences_are_classes_at_every_position(tmp_path):
    padded = np.where(np.arange(5) < 3, SEQUENCES, -100)
    given = sequences(tmp_path / "x.npz", targets=padded.astype(np.int16))
    data = publish(given | {"test_fraction": 0.25}, tmp_path / "x.h5")
    assert (data.positions, data.outputs, data.classes) == ((5,), 4, ("0", "1", "2", "3"))
    assert data.train_targets.dtype == np.int64
    rows = np.concatenate([data.train_targets, data.test_targets])
    assert {row.tobytes() for row in rows} == {row.tobytes() for row in padded}
    described = describe(given | {"test_fraction": 0.25})
    assert described == Description((5,), 4, 9, tokens=True, positions=(5,))


def test_of_a_vocabulary_not_every_word_need_occur(tmp_path):
    given = sequences(tmp_path / "x.npz", targets=SEQUENCES * 1000)
    assert len(read(given).classes) == describe(given).outputs == 3001
    named = sequences(tmp_path / "y.npz", classes=np.array(list("abcdef")))
    assert read(named).classes == tuple("abcdef")
    assert len(read(given | {"subset": 7}).train.targets) == 7


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"targets": SEQUENCES - 1},
            r"label -1 at sample 0, position 0 .* 0 to 2, and -100 for pad",
        ),
        ({"targets": np.where(np.arange(12) == 5, -100, SEQUENCES.T).T}, "padding .* at sample 5 "),
        (
            {"targets": np.full((12, 5), 2**31)},
            "label 2147483648 in a sequence; .* at most 1,000,000",
        ),
        ({"targets": SEQUENCES * 0}, "found 1 class"),
        ({"targets": SEQUENCES[:, :4] / 1}, "found float64 .* or of sequences"),
        ({"classes": np.array(["a", "b"])}, "label 2 at sample 0, position 2"),
    ],
)
def test_faulty_sequences_are_named_by_stage_and_description(tmp_path, changes, message):
    given = sequences(tmp_path / "x.npz", **changes)
    for function in (read, describe):
        with pytest.raises(InputError, match=message):
            function(given)

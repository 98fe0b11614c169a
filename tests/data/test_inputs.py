"""What integers are taken for, and what becomes of them."""

import h5py
import numpy as np
import pytest

from example_data import RANDOM, describe, publish, read, save
from gradnoise.data.entry import Description
from gradnoise.data.inputs import kind_of
from gradnoise.errors import InputError

TOKENS = RANDOM.integers(0, 30_000, (12, 7))
LABELS = np.arange(12) % 3


@pytest.mark.parametrize("kind", ["int64", "int16", "uint16", ">i4"])
@pytest.mark.parametrize("suffix", [".npz", ".h5"])
def test_integers_stay_the_integers_that_they_are(tmp_path, kind, suffix):
    given = save(tmp_path / f"x{suffix}", inputs=TOKENS.astype(kind), targets=LABELS)
    described = describe(given)
    assert (described.input_shape, described.tokens, described.positions) == ((7,), True, ())
    data = publish(given | {"test_fraction": 0.25}, tmp_path / "out.h5")
    assert data.tokens
    assert (data.train_inputs.dtype, data.test_inputs.dtype) == (np.int64, np.int64)
    assert (data.mean == 0).all()
    assert (data.standard_deviation == 1).all()
    rows = {row.tobytes() for part in (data.train_inputs, data.test_inputs) for row in part}
    assert rows == {row.tobytes() for row in TOKENS}
    with h5py.File(tmp_path / "out.h5") as file:
        assert file.attrs["treatment"].startswith("integers as read")


@pytest.mark.parametrize(
    ("shape", "dtype", "asked", "kind"),
    [
        ((9, 5), np.int64, "auto", "tokens"),
        ((9, 5), np.uint8, "auto", "tokens"),
        ((9, 5, 6), np.int32, "auto", "tokens"),
        ((9, 5, 6), np.uint8, "auto", "images"),
        ((9, 3, 5, 6), np.uint8, "auto", "images"),
        ((9, 5), np.float32, "auto", "numbers"),
        ((9, 5), np.int64, "numbers", "numbers"),
        ((9, 5, 6), np.uint8, "numbers", "numbers"),
        ((9, 5, 6), np.uint8, "tokens", "tokens"),
    ],
)
def test_what_inputs_are_is_told_by_type_and_shape_unless_asked(shape, dtype, asked, kind):
    assert kind_of("x", shape, np.dtype(dtype), asked) == kind


def test_integers_that_are_numbers_are_centred_and_scaled(tmp_path):
    counts = RANDOM.integers(0, 50, (40, 3)) * [1, 10, 100]
    given = save(tmp_path / "x.npz", inputs=counts, targets=np.arange(40) % 2)
    data = publish(given | {"inputs": "numbers"}, tmp_path / "x.h5")
    np.testing.assert_allclose(data.train_inputs.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(data.train_inputs.std(axis=0), 1, atol=1e-6)
    assert not describe(given | {"inputs": "numbers"}).tokens
    raw = publish(given | {"inputs": "numbers", "standardise": False}, tmp_path / "y.h5")
    kept = {row.tobytes() for row in counts.astype(np.float32)}
    assert {row.tobytes() for row in raw.train_inputs} <= kept


def test_pixels_may_be_tokens_or_numbers(tmp_path):
    pixels = RANDOM.integers(0, 256, (12, 4, 3), dtype=np.uint8)
    given = save(tmp_path / "x.npz", inputs=pixels, targets=LABELS)
    assert publish(given, tmp_path / "a.h5").input_shape == (1, 4, 3)
    tokens = publish(given | {"inputs": "tokens"}, tmp_path / "b.h5")
    assert (tokens.input_shape, tokens.train_inputs.dtype) == ((4, 3), np.int64)
    numbers = publish(given | {"inputs": "numbers"}, tmp_path / "c.h5")
    assert (numbers.input_shape, numbers.mean.shape) == ((4, 3), (4, 3))


def test_tokens_that_are_no_integers_are_named(tmp_path):
    given = save(tmp_path / "x.npz", inputs=TOKENS.astype(float), targets=LABELS)
    for function in (read, describe):
        with pytest.raises(
            InputError, match=r"found type float64; expected integers, since data.inp"
        ):
            function(given | {"inputs": "tokens"})


@pytest.mark.parametrize("kind", ["sequences", "texts"])
def test_rows_of_different_lengths_are_named_with_the_way_out(tmp_path, kind):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        text = h5py.string_dtype() if kind == "texts" else h5py.vlen_dtype(np.int32)
        stored = file.create_dataset("inputs", (12,), text)
        for row in range(12):
            stored[row] = "word " * row if kind == "texts" else np.arange(row)
        file["targets"] = LABELS
    for function in (read, describe):
        with pytest.raises(
            InputError, match=r"texts, or rows of different lengths; .*pad sequences"
        ):
            function({"dataset": "arrays", "path": str(tmp_path / "x.h5")})


def test_regression_of_sequences_takes_a_number_at_every_position(tmp_path):
    targets = RANDOM.normal(size=(12, 7))
    given = save(tmp_path / "x.npz", inputs=TOKENS, targets=targets) | {"task": "regression"}
    data = publish(given | {"test_fraction": 0.25}, tmp_path / "x.h5")
    described = describe(given | {"test_fraction": 0.25})
    assert described == Description((7,), 7, 9, tokens=True)
    assert (data.tokens, data.positions, data.outputs) == (True, (), 7)
    assert data.train_targets.dtype == np.float32


def test_integers_beyond_int64_are_named(tmp_path):
    given = save(tmp_path / "x.npz", inputs=np.full((12, 2), 2**64 - 1, np.uint64), targets=LABELS)
    with pytest.raises(
        InputError, match="found 18446744073709551615; expected integers within int64"
    ):
        read(given)


def test_tokens_to_learn_from_and_numbers_to_test_on_are_named(tmp_path):
    tests = {"test_inputs": TOKENS[:6].astype(float), "test_targets": LABELS[:6]}
    given = save(tmp_path / "x.npz", inputs=TOKENS, targets=LABELS, **tests)
    with pytest.raises(InputError, match=r"test inputs of shape \(7,\) and type float64; .*int64"):
        read(given)

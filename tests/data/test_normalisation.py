import numpy as np
import pytest

from example_data import RANDOM, images, publish, read, save
from gradnoise.data.normalisation import statistics, treatment
from gradnoise.errors import InputError


def test_images_are_normalised_per_channel(tmp_path):
    part = images(60, shape=(3, 8, 8))
    settings = save(tmp_path / "x.npz", inputs=part.inputs, targets=part.targets)
    data = publish(settings | {"test_fraction": 0.5}, tmp_path / "x.h5")
    scaled = data.train_inputs * data.standard_deviation[:, None, None] + data.mean[:, None, None]
    kept = {image.tobytes() for image in part.inputs}
    assert {image.tobytes() for image in np.rint(scaled * 255).astype(np.uint8)} <= kept
    np.testing.assert_allclose(data.mean, scaled.mean(axis=(0, 2, 3)), rtol=1e-6)
    np.testing.assert_allclose(data.standard_deviation, scaled.std(axis=(0, 2, 3)), rtol=1e-6)


def test_features_are_normalised_each_and_constant_ones_become_zero(tmp_path):
    inputs = RANDOM.normal(5, 3, (40, 4)) * [1, 10, 1e6, 0] + [0, 0, 1e6, 7]
    settings = save(tmp_path / "x.npz", inputs=inputs, targets=np.arange(40) % 2)
    data = publish(settings, tmp_path / "x.h5")
    np.testing.assert_allclose(data.train_inputs.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(data.train_inputs.std(axis=0), [1, 1, 1, 0], atol=1e-6)


@pytest.mark.parametrize(
    ("kind", "normalised", "said"),
    [
        (np.uint8, True, "images, centred and scaled per channel"),
        (np.uint8, False, "images from 0 to 1"),
        (np.float32, True, "numbers, centred and scaled per feature"),
        (np.float64, False, "numbers as read"),
        (np.int64, True, "integers as read"),
    ],
)
def test_what_models_see_is_said(kind, normalised, said):
    assert treatment(np.dtype(kind), normalised).startswith(said)


def test_statistics_of_images_are_exact():
    inputs = images(2000, shape=(2, 5, 5)).inputs
    mean, deviation = statistics(inputs)
    np.testing.assert_allclose(mean, (inputs / 255).mean(axis=(0, 2, 3)), rtol=1e-12)
    np.testing.assert_allclose(deviation, (inputs / 255).std(axis=(0, 2, 3)), rtol=1e-12)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_statistics_of_features_are_those_of_all_blocks_of_samples(kind):
    """2,500 samples in blocks of 1,024, each block of another law, divided by their number."""
    drawn = RANDOM.gamma(2.0, [1, 40], (2500, 2)) + np.array([0, 3e4])
    inputs = (drawn * np.linspace(0.2, 3, 2500)[:, None]).astype(kind)
    mean, deviation = statistics(inputs)
    np.testing.assert_allclose(mean, inputs.astype(np.float64).mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(deviation, inputs.astype(np.float64).std(axis=0), rtol=1e-12)


@pytest.mark.parametrize("kind", [np.float64, np.int64])
def test_a_large_offset_is_taken_away_before_rounding(tmp_path, kind):
    time = (1.6e9 + 10 * np.arange(60)).astype(kind)[:, None]
    given = {"test_inputs": time[:6].astype(float), "test_targets": np.arange(6) % 3}
    settings = save(tmp_path / "x.npz", inputs=time, targets=np.arange(60) % 3, **given)
    data = publish(settings | {"inputs": "numbers"}, tmp_path / "x.h5")
    expected = (np.arange(60) - 29.5) / np.arange(60).std()
    np.testing.assert_allclose(data.train_inputs[:, 0], expected, rtol=1e-6)
    np.testing.assert_allclose(data.test_inputs[:, 0], expected[:6], rtol=1e-6)
    assert data.train_inputs.dtype == np.float32


def test_a_constant_that_sums_with_rounding_becomes_zero():
    mean, deviation = statistics(np.full((1000, 1), 0.1))
    assert (mean, deviation) == (0.1, 1)


def test_targets_that_float32_cannot_tell_apart_are_named(tmp_path):
    targets = 1.6e9 + 10.0 * np.arange(60)
    settings = save(tmp_path / "x.npz", inputs=np.ones((60, 2)), targets=targets)
    with pytest.raises(InputError, match=r"targets: found values around 1.6e\+09 .* subtract it"):
        read(settings | {"task": "regression"})


def test_inputs_stay_as_read_where_they_are_not_standardised(tmp_path):
    inputs = RANDOM.normal(5, 3, (40, 4)).astype(np.float32)
    settings = save(tmp_path / "x.npz", inputs=inputs, targets=np.arange(40) % 2)
    data = publish(settings | {"standardise": False}, tmp_path / "x.h5")
    kept = {row.tobytes() for row in inputs}
    assert {row.tobytes() for row in data.train_inputs} <= kept
    part = images(40, shape=(3, 8, 8))
    settings = save(tmp_path / "x.npz", inputs=part.inputs, targets=part.targets)
    data = publish(settings | {"standardise": False}, tmp_path / "x.h5")
    expected = {image.tobytes() for image in part.inputs}
    assert {np.rint(x * 255).astype(np.uint8).tobytes() for x in data.train_inputs} <= expected
    assert (data.mean == 0).all()

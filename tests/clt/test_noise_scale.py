"""The gradient noise scale of known laws."""

import numpy as np
import pytest

from gradnoise.clt.noise_scale import noise_scale


def test_noise_scale_is_that_of_the_law_with_an_honest_error() -> None:
    random, errors = np.random.default_rng(0), []
    for _ in range(60):
        gradients = (0.5 + random.standard_normal((2000, 20))).astype(np.float32)
        found = noise_scale(gradients)
        errors.append((found.value - 4.0) / found.standard_error)
    assert abs(np.mean(errors)) < 0.5
    assert np.std(errors) == pytest.approx(1, abs=0.35)


def test_noise_scale_is_by_definition_however_the_columns_are_read(monkeypatch) -> None:
    gradients = np.random.default_rng(1).normal(0.3, 1.0, (500, 7)).astype(np.float32)
    values = gradients.astype(np.float64)
    trace = values.var(axis=0, ddof=1).sum()
    signal = (values.mean(axis=0) ** 2).sum() - trace / 500
    found = noise_scale(gradients)
    assert found.value == pytest.approx(trace / signal)
    monkeypatch.setattr("gradnoise.clt.noise_scale.READ_BYTES", 8 * 500 * 2)
    assert noise_scale(gradients) == pytest.approx(found)


def test_the_error_leaves_out_one_group_of_samples_at_a_time() -> None:
    gradients = np.random.default_rng(2).normal(0.5, 1.0, (1003, 3)).astype(np.float32)
    group = np.arange(1003) % 20
    left = [noise_scale(gradients[group != one]).value for one in range(20)]
    expected = np.sqrt(19 / 20 * np.sum((left - np.mean(left)) ** 2))
    assert noise_scale(gradients).standard_error == pytest.approx(expected)


def test_samples_may_be_sorted_by_class() -> None:
    random = np.random.default_rng(3)
    classes = np.repeat(np.arange(10), 200)
    means = 0.4 + random.standard_normal((10, 8))
    gradients = (means[classes] + random.standard_normal((2000, 8))).astype(np.float32)
    shuffled = noise_scale(random.permutation(gradients))
    found = noise_scale(gradients)
    assert found.value == pytest.approx(shuffled.value)
    assert found.standard_error == pytest.approx(shuffled.standard_error, rel=0.5)


def test_without_signal_the_scale_is_infinite_and_few_samples_have_no_error() -> None:
    balanced = np.array([[1.0], [-1.0]] * 10, np.float32)
    assert noise_scale(balanced).value == np.inf
    few = np.random.default_rng(0).normal(1.0, 0.1, (39, 2)).astype(np.float32)
    assert np.isfinite(noise_scale(few).value)
    assert np.isnan(noise_scale(few).standard_error)

"""What holds for every estimator, whatever its method."""

import numpy as np
import pytest

from example_stable import series
from gradnoise.tails.stable.index import DEFAULT, METHODS, tail_index


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_factor_changes_the_scale_only(method: str, dtype: type) -> None:
    values = series(1.6, (40, 300)).astype(dtype)
    expected = tail_index(values, method=method)
    for factor in (1e-30, 1e-7, 1e30) if dtype == np.float32 else (1e-30, 1e30, 1e-200, 1e200):
        found = tail_index((values * dtype(factor)).astype(dtype), method=method)
        np.testing.assert_allclose(
            found.alpha, expected.alpha, atol=2e-3 if method == "ml" else 1e-5
        )
        np.testing.assert_allclose(found.scale / factor, expected.scale, rtol=2e-3)
        assert found.converged.all()


def test_subnormal_samples() -> None:
    values = (series(1.6, (40, 300)) * 1e-41).astype(np.float32)
    for method in METHODS:
        found = tail_index(values, method=method)
        expected = tail_index(values.astype(np.float64) * 1e41, method=method)
        np.testing.assert_allclose(found.alpha, expected.alpha, atol=2e-3)


@pytest.mark.parametrize("method", METHODS)
def test_axis_and_kind_of_the_samples(method: str) -> None:
    values = series(1.6, (3, 5, 100))
    expected = tail_index(values, method=method)
    assert expected.alpha.shape == (3, 5)
    for axis in (0, 1):
        found = tail_index(np.moveaxis(values, -1, axis), axis=axis, method=method)
        for one, two in zip(found, expected, strict=True):
            np.testing.assert_array_equal(one, two)
    single = tail_index(values[1, 2], method=method)
    assert single.alpha.shape == ()
    assert single.alpha == expected.alpha[1, 2]
    assert single.converged.dtype == np.bool_
    assert tail_index(np.empty((0, 50)), method=method).alpha.shape == (0,)


@pytest.mark.parametrize("method", METHODS)
def test_degenerate_series_have_no_index(method: str) -> None:
    values = series(1.6, (4, 200))
    values[0], values[1, 3], values[2, 4] = -1e-5, np.nan, np.inf
    found = tail_index(values, method=method)
    assert found.converged.tolist() == [False, False, False, True]
    assert np.isnan(found.alpha[:3]).all()
    assert np.isnan(found.scale[:3]).all()


def test_threads_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    values = series(1.7, (1500, 100))
    for method in METHODS:
        monkeypatch.setenv("OMP_NUM_THREADS", "1")
        one = tail_index(values, method=method)
        monkeypatch.setenv("OMP_NUM_THREADS", "3")
        for a, b in zip(one, tail_index(values, method=method), strict=True):
            np.testing.assert_array_equal(a, b)


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(ValueError, match="found 'guess'; accepted: ecf, "):
        tail_index(np.zeros((2, 50)), method="guess")
    for method in METHODS:
        with pytest.raises(ValueError, match="found 3 in a series; at least 4"):
            tail_index(np.zeros((2, 3)), method=method)


def test_default_is_registered() -> None:
    values = series(1.5, (3, 100))
    found = tail_index(values, method=DEFAULT)
    np.testing.assert_array_equal(tail_index(values).alpha, found.alpha)
    assert list(METHODS) == sorted(METHODS)


@pytest.mark.parametrize("method", METHODS)
def test_masked_samples_are_left_out(method: str) -> None:
    values = series(1.6, (2, 100))
    masked = np.ma.masked_greater(np.concatenate([values, np.full((2, 5), 1e12)], axis=1), 1e11)
    for one, other in zip(
        tail_index(masked, method=method), tail_index(values, method=method), strict=True
    ):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("method", METHODS)
def test_indices_that_no_method_is_calibrated_for_are_not_converged(method: str) -> None:
    values = series(0.2, (60, 200))
    found = tail_index(values, method=method)
    below = found.alpha < 0.5
    if method == "hill":  # fits no stable law
        assert below.mean() > 0.9
        assert found.converged.all()
    else:
        assert not found.converged[below].any()
        assert found.converged.mean() < 0.2
        assert np.all(found.alpha[found.converged] >= 0.5)


def test_the_limit_is_a_half() -> None:
    found = tail_index(np.random.default_rng(3).standard_t(0.42, (2000, 200)))
    np.testing.assert_array_equal(found.converged, found.alpha >= 0.5)
    assert 0.2 < found.converged.mean() < 0.9

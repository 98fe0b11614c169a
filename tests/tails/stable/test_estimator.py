import numpy as np

from gradnoise.tails.stable.estimator import quantiles, rescaled


def test_quantiles_are_numpys() -> None:
    ordered = np.sort(np.random.default_rng(0).standard_normal((7, 31)).astype(np.float32), axis=1)
    shares = (0.0, 0.05, 0.28, 0.5, 1.0)
    expected = np.quantile(ordered.astype(np.float64), shares, axis=1)
    np.testing.assert_allclose(quantiles(ordered, *shares), expected, rtol=1e-14)


def test_only_extreme_rows_are_rescaled_and_without_loss() -> None:
    ordered = np.sort(np.random.default_rng(1).standard_normal((3, 20)), axis=1)
    same, units = rescaled(ordered)
    assert same is ordered
    np.testing.assert_array_equal(units, 1.0)
    extreme = ordered * np.array([[1.0], [1e200], [1e-200]])
    kept = extreme.copy()
    found, units = rescaled(extreme)
    np.testing.assert_array_equal(extreme, kept)
    np.testing.assert_array_equal(found * units[:, np.newaxis], extreme)
    assert np.abs(found).max() < 1e100
    assert np.ptp(found, axis=1).min() > 1e-100


def test_rows_without_a_finite_range_have_no_unit() -> None:
    rows = np.array([[1.0, 1.0, 1.0], [0.0, 1.0, np.nan], [-np.inf, 0.0, 1.0], [0.0, 1.0, 2.0]])
    np.testing.assert_array_equal(np.isnan(rescaled(rows)[1]), [True, True, True, False])

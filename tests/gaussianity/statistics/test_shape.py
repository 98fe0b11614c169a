"""Moments and the Kolmogorov distance against SciPy."""

import numpy as np
import pytest
from scipy import stats

from gradnoise.gaussianity.normality import describe


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_shape_against_scipy(dtype: type) -> None:
    samples = np.random.default_rng(2).gamma(2, size=(30, 333)).astype(dtype) + 100
    exact, found = samples.astype(np.float64), describe(samples)
    np.testing.assert_allclose(found["skewness"], stats.skew(exact, axis=1), rtol=1e-6)
    np.testing.assert_allclose(found["excess_kurtosis"], stats.kurtosis(exact, axis=1), atol=1e-5)
    for row, distance in zip(exact, found["kolmogorov_distance"], strict=True):
        normal = stats.norm(row.mean(), row.std(ddof=1))
        assert distance == pytest.approx(stats.kstest(row, normal.cdf).statistic, abs=3e-7)


@pytest.mark.parametrize("scale", [1e-300, 1e-200, 1e200, 1e307])
def test_scale_does_not_matter(scale: float) -> None:
    samples = np.random.default_rng(3).gamma(4, size=(50, 200))
    found, expected = describe(scale * samples), describe(samples)
    for name in ("skewness", "excess_kurtosis", "kolmogorov_distance"):
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-6)


def test_a_constant_series_has_no_shape() -> None:
    found = describe(np.full(20, 3.5))
    for name in ("skewness", "excess_kurtosis", "kolmogorov_distance"):
        assert np.isnan(found[name])

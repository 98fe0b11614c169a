"""Means in their standard errors."""

import numpy as np
import pytest
from scipy import stats

from gradnoise.gaussianity.normality import describe
from gradnoise.gaussianity.statistics.mean import STATISTIC, largest


@pytest.mark.parametrize("scale", [1.0, 1e-150, 1e12])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_standardised_mean_is_students_statistic(scale, dtype):
    if dtype == np.float32 and scale < 1e-30:
        pytest.skip("below float32")
    random = np.random.default_rng(3)
    samples = (scale * random.gamma(2.0, size=(7, 60)) - scale * 1.9).astype(dtype)
    expected = stats.ttest_1samp(samples.astype(float) / scale, 0, axis=1).statistic
    assert describe(samples)["standardised_mean"] == pytest.approx(expected, rel=1e-6)


def test_a_series_of_one_value_has_none():
    assert np.isnan(describe(np.full((1, 9), 3.0))["standardised_mean"]).all()


def test_the_largest_counts_whatever_its_sign():
    assert largest(np.array([1.0, -4.5, 3.0])) == 4.5
    assert np.isnan(largest(np.array([])))
    assert [column.name for column in STATISTIC.columns] == ["largest_standardised_mean"]

"""The Berry-Esseen bound is valid, the smallest of its forms, and Edgeworth's term is what it says."""

import numpy as np
import pytest
from scipy import stats

from gradnoise.clt.berry_esseen import berry_esseen_bound, edgeworth_distance
from gradnoise.clt.exact.distance import exact_ks


def test_the_bound_is_the_smallest_of_the_valid_forms() -> None:
    assert berry_esseen_bound(2.414553, 64) == pytest.approx(0.115957, abs=1e-6)
    assert berry_esseen_bound(1.0, 1024) == pytest.approx(0.4690 / 32)
    rho, sizes = np.array([1.0, 1.6, 5.0, 40.0]), np.array([[4], [64]])
    forms = np.array([0.4690 * rho, 0.3322 * (rho + 0.429), 0.3031 * (rho + 0.646)])
    expected = np.minimum(forms.min(axis=0) / np.sqrt(sizes), 1)
    np.testing.assert_allclose(berry_esseen_bound(rho, sizes), expected)


def test_impossible_moments_are_refused_and_missing_ones_kept() -> None:
    with pytest.raises(ValueError, match=r"found 0\.02"):
        berry_esseen_bound([1.5, 0.02], 64)
    with pytest.raises(ValueError, match="third_moment: found 1 masked values"):
        berry_esseen_bound(np.ma.masked_equal([2.0, 3.0], 3), 10)
    with pytest.raises(ValueError, match="batch_size: found 0"):
        berry_esseen_bound(1.5, 0)
    assert np.isnan(berry_esseen_bound(np.nan, 64))


def test_the_bound_holds_for_exact_distances_of_many_laws() -> None:
    random = np.random.default_rng(0)
    for values in (
        random.gamma(0.3, size=3000),
        random.standard_t(3, 3000),
        np.where(random.random(3000) < 0.9, 0, random.standard_normal(3000)),
        random.integers(0, 3, 3000),
    ):
        x = (values - values.mean()) / values.std()
        rho = np.mean(np.abs(x) ** 3)
        for size in (1, 8, 64, 1024):
            assert exact_ks(values, size) <= berry_esseen_bound(rho, size) + 1e-6


def test_edgeworths_term_is_the_distance_of_smooth_skewed_noise() -> None:
    values = -np.log1p(-(np.arange(20_000) + 0.5) / 20_000)
    assert edgeworth_distance(stats.skew(values), 1024) == pytest.approx(
        exact_ks(values, 1024), rel=0.01
    )

import math

import numpy as np
import pytest
from scipy import stats

from example_tails import analyse_tails
from gradnoise.gaussianity.normality import describe
from gradnoise.tails.norm import norm_shape, null_shape


def test_shape_of_the_norm_of_independent_coordinates() -> None:
    random = np.random.default_rng(0)
    scales = np.exp(random.standard_normal(20))
    shapes = [
        norm_shape(np.linalg.norm(random.standard_normal((400, 20)) * scales, axis=1))
        for _ in range(200)
    ]
    nulls = np.array([null_shape(scales**2, 400, random) for _ in range(10)])
    mean, deviation = nulls.mean(axis=0)
    np.testing.assert_allclose(mean, np.mean(shapes, axis=0), atol=0.06)
    np.testing.assert_allclose(deviation, np.std(shapes, axis=0), rtol=0.25)
    assert norm_shape(random.standard_normal(200_000)).tail_ratio == pytest.approx(1.909, abs=0.02)


def test_means_and_deviations_are_over_twelve_samples() -> None:
    """Few weights: each has a chi-squared variable of its own, the largest first."""
    variances = np.array([0.3, 0.0, 5.0, 1.2])
    mean, deviation = null_shape(variances, 90, np.random.default_rng(8))
    random = np.random.default_rng(8)
    squares = sum(weight * random.standard_normal((12, 90)) ** 2 for weight in (1.0, 0.24, 0.06))
    shapes = [norm_shape(np.sqrt(row)) for row in squares]
    np.testing.assert_allclose(mean, np.mean(shapes, axis=0), rtol=1e-9)
    np.testing.assert_allclose(deviation, np.std(shapes, axis=0, ddof=1), rtol=1e-9)
    norms = np.sqrt(squares[0])
    assert shapes[0].skewness == pytest.approx(stats.skew(norms))
    assert shapes[0].excess_kurtosis == pytest.approx(stats.kurtosis(norms))


def test_equal_weights_share_a_chi_squared_variable() -> None:
    mean, _ = null_shape(np.full(1000, 1e-12), 2000, np.random.default_rng(0))
    assert mean.skewness == pytest.approx(1 / math.sqrt(2 * 1000), abs=0.04)
    assert math.isnan(null_shape(np.zeros(3), 100, np.random.default_rng(0))[0].skewness)


def test_norm_of_correlated_gaussian_noise_is_no_surprise() -> None:
    random = np.random.default_rng(1)
    mixing = random.standard_normal((1, 300))
    noise = (random.standard_normal((1, 400, 1)) @ mixing).astype(np.float32)
    described = describe(noise, axis=1)
    tested = described["class"][:, None], described["pvalue"][:, None]
    found = analyse_tails([noise], [16], 400, [1], *tested, null_series=50).norms[0]
    surprise = found["norm_skewness"] - found["norm_skewness_null"]
    assert surprise > 0.4
    expected = found["norm_skewness_correlated_null"]
    assert abs(found["norm_skewness"] - expected) < 3 * found["norm_skewness_correlated_null_sd"]

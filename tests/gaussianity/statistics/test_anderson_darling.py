"""The Anderson-Darling test against SciPy, statsmodels, known critical values and its null."""

import numpy as np
import pytest
from scipy import special, stats
from statsmodels.stats.diagnostic import normal_ad

from gradnoise.gaussianity import anderson_darling, describe
from gradnoise.gaussianity.statistics.anderson_darling import EDGE, _far, _pvalue

SAMPLERS = {
    "normal": lambda random, shape: random.standard_normal(shape),
    "exponential": lambda random, shape: random.exponential(size=shape) + 100,
    "heavy tails": lambda random, shape: random.standard_cauchy(shape),
    "ties": lambda random, shape: np.round(2 * random.standard_normal(shape)),
    "one spike": lambda random, shape: random.permuted(np.eye(shape[0], shape[1]), axis=1),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", SAMPLERS)
@pytest.mark.parametrize("n", [8, 9, 50, 200, 601, 5000])
@pytest.mark.filterwarnings("ignore")
def test_statistic_agrees_with_scipy(n: int, name: str, dtype: type) -> None:
    samples = SAMPLERS[name](np.random.default_rng(n), (8, n)).astype(dtype)
    expected = [stats.anderson(row).statistic for row in samples.astype(np.float64)]
    np.testing.assert_allclose(anderson_darling(samples).statistic, expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("n", [8, 50, 600])
def test_pvalue_agrees_with_statsmodels(n: int) -> None:
    random = np.random.default_rng(n)
    samples = np.concatenate([random.standard_normal((40, n)), random.standard_t(3, (40, n))])
    expected = np.array([normal_ad(row)[1] for row in samples])
    # statsmodels loses the digits of 1 - Phi far out, where p is tiny.
    likely = expected > 1e-6
    assert likely.sum() >= 40
    np.testing.assert_allclose(anderson_darling(samples).pvalue[likely], expected[likely], 1e-6)
    assert np.all(anderson_darling(samples).pvalue[~likely] < 2e-6)


@pytest.mark.parametrize(
    ("level", "critical"), [(0.1, 0.631), (0.05, 0.752), (0.025, 0.873), (0.01, 1.035)]
)
def test_critical_values_of_stephens(level: float, critical: float) -> None:
    """D'Agostino and Stephens (1986), table 4.7, case 3; the p-values are fits to it."""
    assert _pvalue(critical) == pytest.approx(level, rel=0.02)


@pytest.mark.parametrize("n", [200, 600])
def test_gaussian_series_are_rejected_at_the_level(n: int) -> None:
    random = np.random.default_rng(n)
    rejected = [
        anderson_darling(random.standard_normal((20_000, n))).pvalue < 0.05 for _ in range(5)
    ]
    assert 100 * np.mean(rejected) == pytest.approx(5, abs=0.3)


@pytest.mark.parametrize("outlier", [10.0, 30.0, 1e4, 1e8])
@pytest.mark.filterwarnings("ignore")
def test_outliers_keep_every_digit(outlier: float) -> None:
    samples = np.append(np.random.default_rng(0).standard_normal(4999), outlier)
    found = anderson_darling(samples)
    assert found.statistic == pytest.approx(stats.anderson(samples).statistic, rel=1e-12)
    assert anderson_darling(-samples).statistic == pytest.approx(found.statistic, rel=1e-12)


def test_far_tail_agrees_with_scipy() -> None:
    for x in (EDGE, 9.5, 12.0, 30.0, 38.0, 70.7):
        assert _far(float(x)) == pytest.approx(special.log_ndtr(-x), rel=1e-15)


@pytest.mark.parametrize("scale", [1e-300, 1e-30, 1e200, 1e307])
def test_scale_does_not_matter(scale: float) -> None:
    samples = np.random.default_rng(3).gamma(4, size=(50, 200))
    np.testing.assert_allclose(
        anderson_darling(scale * samples).statistic,
        anderson_darling(samples).statistic,
        rtol=1e-11,
    )


def test_constant_series_pass_and_what_is_not_finite_is_nan() -> None:
    samples = np.random.default_rng(0).standard_normal((4, 20))
    samples[1] = 3.5
    samples[2, 4], samples[3, 5] = np.nan, np.inf
    found = anderson_darling(samples)
    assert (found.statistic[1], found.pvalue[1]) == (0, 1)
    assert np.isnan(found.statistic).tolist() == [False, False, True, True]
    assert np.isnan(found.pvalue).tolist() == [False, False, True, True]


@pytest.mark.parametrize("n", [0, 7, 5001])
def test_number_of_samples_is_checked(n: int) -> None:
    with pytest.raises(ValueError, match=f"found {n} in a series; accepted: 8 to 5000"):
        anderson_darling(np.zeros((2, n)))


def test_any_axis_and_short_series_among_all_statistics() -> None:
    samples = np.random.default_rng(0).standard_normal((20, 3))
    found = anderson_darling(samples, axis=0)
    np.testing.assert_array_equal(found.pvalue, describe(samples.T)["anderson_darling_pvalue"])
    assert np.isnan(describe(samples[:7].T)["anderson_darling_pvalue"]).all()

"""The Shapiro-Wilk test against SciPy, known answers and known powers."""

import numpy as np
import pytest
from scipy import special, stats

from gradnoise.gaussianity.normality import describe
from gradnoise.gaussianity.statistics.shapiro_wilk import shapiro_wilk, weights

MIDPOINTS = (np.arange(1, 201) - 0.5) / 200


def gaussian(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


def percentage(samples: np.ndarray) -> float:
    return 100 * float(np.mean(shapiro_wilk(samples).pvalue >= 0.05))


def against_scipy(samples: np.ndarray) -> tuple[float, float]:
    """Largest difference in W and in p."""
    ours = shapiro_wilk(samples)
    theirs = stats.shapiro(samples.astype(np.float64), axis=-1)
    return (
        float(np.abs(ours.statistic - theirs.statistic).max()),
        float(np.abs(ours.pvalue - theirs.pvalue).max()),
    )


SAMPLERS = {
    "normal": lambda random, shape: random.standard_normal(shape),
    "exponential": lambda random, shape: random.exponential(size=shape),
    "heavy tails": lambda random, shape: random.standard_t(1.5, shape),
    "ties": lambda random, shape: np.round(2 * random.standard_normal(shape)),
    "1e-18": lambda random, shape: 1e-18 * (random.permuted(np.arange(2.0 * shape[1]))[: shape[1]]
                                            + random.random(shape)),
    "1e+18": lambda random, shape: 1e18 * random.standard_normal(shape),
    "mean 1e5 deviations": lambda random, shape: 1e5 + random.standard_normal(shape),
}  # fmt: skip


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", SAMPLERS)
@pytest.mark.parametrize("n", [3, 4, 5, 6, 7, 11, 12, 13, 50, 200, 601])
@pytest.mark.filterwarnings("ignore:.*range zero")
def test_agrees_with_scipy(n: int, name: str, dtype: type) -> None:
    samples = SAMPLERS[name](np.random.default_rng(n), (20, n)).astype(dtype)
    statistic, pvalue = against_scipy(samples)
    assert statistic < 1e-11
    assert pvalue < 1e-9


@pytest.mark.parametrize("n", [2000, 5000])
def test_agrees_with_scipy_on_long_series(n: int) -> None:
    samples = gaussian(300, n)
    for transformed in (samples, samples + 0.02 * samples**2):
        statistic, pvalue = against_scipy(transformed)
        assert statistic < 1e-11
        assert pvalue < 1e-9


@pytest.mark.parametrize(
    ("samples", "statistic", "pvalue", "tolerance", "relative"),
    [
        (special.ndtri(MIDPOINTS), 0.99976796, 1.0, 1e-7, 1e-3),
        (-np.log(1 - MIDPOINTS), 0.82375256, 2.69e-14, 1e-6, 1e-2),
        (stats.laplace.ppf(MIDPOINTS), 0.96980457, 2.6702e-4, 1e-7, 1e-3),
        (
            [-2.1, -1.3, -0.9, -0.6, -0.35, -0.1, 0.05, 0.2, 0.5, 0.8, 1.4, 2.6],
            0.98570559,
            0.99736593,
            1e-7,
            1e-7,
        ),
        (np.eye(1, 200)[0], 0.04404, 1.8e-30, 1e-5, 5e-2),
    ],
    ids=["normal", "exponential", "laplace", "twelve values", "one spike"],
)
def test_known_answers(
    samples: np.ndarray, statistic: float, pvalue: float, tolerance: float, relative: float
) -> None:
    found = shapiro_wilk(samples)
    assert found.statistic == pytest.approx(statistic, abs=tolerance)
    assert found.pvalue == pytest.approx(pvalue, rel=relative)


@pytest.mark.parametrize("n", [3, 4, 5, 6, 11, 12, 200, 5000])
def test_weights_are_antisymmetric_and_of_unit_length(n: int) -> None:
    found = weights(n)
    assert found.shape == (n,)
    assert np.sum(found**2) == pytest.approx(1, abs=1e-12)
    assert np.all(np.diff(found) > 0)
    np.testing.assert_array_equal(found, -found[::-1])


def test_three_samples_have_the_exact_null_distribution() -> None:
    pvalues = shapiro_wilk(gaussian(20_000, 3)).pvalue
    assert stats.kstest(pvalues, "uniform").statistic < 1.63 / np.sqrt(20_000)


def test_gaussian_series_pass_at_the_ceiling() -> None:
    assert percentage(gaussian(100_000, 200).astype(np.float32)) == pytest.approx(95.0, abs=0.3)


@pytest.mark.parametrize(("n", "expected"), [(12, 95.3), (50, 95.15), (600, 94.94), (2000, 94.8)])
def test_null_pass_rate(n: int, expected: float) -> None:
    series = 4_000_000 // n
    error = 100 * np.sqrt(0.95 * 0.05 / series)
    assert percentage(gaussian(series, n)) == pytest.approx(expected, abs=4 * error + 0.2)


@pytest.mark.parametrize(("n", "expected"), [(200, 76.2), (600, 40.5)])
def test_exponential_batch_means_pass_as_known(n: int, expected: float) -> None:
    means = np.random.default_rng(7).standard_gamma(64, (5000, n))
    assert percentage(means) == pytest.approx(expected, abs=2.5)


@pytest.mark.parametrize(
    ("n", "quantum", "expected"),
    [(200, 0.05, 94), (200, 0.2, 84), (200, 0.3, 44), (200, 0.5, 0), (600, 0.2, 15), (600, 0.3, 0)],
)
def test_rounding_is_noticed(n: int, quantum: float, expected: float) -> None:
    assert percentage(np.round(gaussian(5000, n) / quantum)) == pytest.approx(expected, abs=3)


@pytest.mark.parametrize(
    ("fraction", "expected", "tolerance"),
    [(0.02, 94.5, 1.5), (0.05, 90.5, 2), (0.10, 69, 3), (0.20, 4, 2)],
)
def test_zeros_among_gaussian_samples(fraction: float, expected: float, tolerance: float) -> None:
    samples = gaussian(5000, 200)
    samples[np.random.default_rng(8).random(samples.shape) < fraction] = 0
    assert percentage(samples) == pytest.approx(expected, abs=tolerance)


def test_range_beyond_the_largest_number() -> None:
    samples = np.repeat([-1.7e308, 1.7e308], 50)
    assert shapiro_wilk(samples).statistic == pytest.approx(
        shapiro_wilk(np.repeat([-1.0, 1.0], 50)).statistic
    )


@pytest.mark.parametrize("n", [0, 1, 2, 5001])
def test_number_of_samples_is_checked(n: int) -> None:
    with pytest.raises(ValueError, match=f"found {n} in a series; accepted: 3 to 5000"):
        shapiro_wilk(np.zeros((2, n)))


def test_only_real_numbers_are_accepted() -> None:
    with pytest.raises(TypeError, match="complex128"):
        shapiro_wilk(np.zeros(10, complex))
    with pytest.raises(ValueError, match="scalar"):
        shapiro_wilk(3.0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16, np.int32, ">f4", bool])
def test_result_is_float64_for_every_type(dtype: str) -> None:
    samples = (3 * gaussian(4, 30)).astype(dtype)
    found = shapiro_wilk(samples)
    assert found.statistic.dtype == found.pvalue.dtype == np.float64
    np.testing.assert_array_equal(
        found.statistic, shapiro_wilk(samples.astype(np.float64)).statistic
    )


@pytest.mark.parametrize("scale", [1e-300, 1e-200, 1e-30, 1e30, 1e200, 1e307])
def test_scale_does_not_matter(scale: float) -> None:
    samples = np.random.default_rng(3).gamma(4, size=(50, 200))
    np.testing.assert_allclose(
        shapiro_wilk(scale * samples).statistic, shapiro_wilk(samples).statistic, rtol=1e-12
    )
    np.testing.assert_allclose(
        describe(scale * samples)["kolmogorov_distance"], describe(samples)["kolmogorov_distance"]
    )


def test_zero_range_is_one_and_one() -> None:
    assert shapiro_wilk(np.full(20, 3.5)) == (1, 1)
    assert np.isnan(describe(np.full(20, 3.5))["skewness"])

"""Pass rates of the Shapiro-Wilk test foretold from cumulants, against simulation and enumeration."""

from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from gradnoise.clt.pass_rate import _surface, finite_population, predicted_pass_rate
from gradnoise.gaussianity.statistics.shapiro_wilk import shapiro_wilk


@pytest.mark.parametrize(
    ("skewness", "kurtosis", "batch_size", "n", "expected", "tolerance"),
    [
        (0, 0, 64, 200, 95.0, 1e-6),
        (2, 6, 64, 200, 76.2, 2.5),
        (2, 6, 64, 600, 40.5, 2.5),
        (2, 6, 256, 600, 81.5, 2.5),
        (2, 6, 16, 200, 29, 4),
        (2, 6, 16, 600, 0.4, 1),
    ],
)
def test_pass_rates_of_known_laws_are_predicted(
    skewness: float, kurtosis: float, batch_size: int, n: int, expected: float, tolerance: float
) -> None:
    found = 100 * predicted_pass_rate(skewness, kurtosis, batch_size, n)
    assert found == pytest.approx(expected, abs=tolerance)
    assert 100 * predicted_pass_rate(-skewness, kurtosis, batch_size, n) == pytest.approx(found)


FAMILIES = {
    "laplace": (
        0,
        3,
        lambda random, b, shape: random.gamma(b, size=shape) - random.gamma(b, size=shape),
    ),
    "product of gaussians": (
        *(0, 6),
        lambda random, b, shape: random.gamma(b / 2, size=shape) - random.gamma(b / 2, size=shape),
    ),
    "student t 5": (
        *(0, 6),
        lambda random, b, shape: sum(random.standard_t(5, shape) for _ in range(b)),
    ),
    "logistic": (
        0,
        1.2,
        lambda random, b, shape: sum(random.logistic(size=shape) for _ in range(b)),
    ),
}


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("batch_size", "points"), [(16, 5.0), (64, 3.0)])
def test_pass_rates_hold_for_laws_that_are_not_in_the_table(
    family: str, batch_size: int, points: float
) -> None:
    skewness, kurtosis, draw = FAMILIES[family]
    noise = draw(np.random.default_rng(5), batch_size, (1500, 600)).astype(np.float32)
    for n in (200, 600):
        measured = 100 * np.mean(shapiro_wilk(noise[:, :n]).pvalue >= 0.05)
        predicted = 100 * predicted_pass_rate(skewness, kurtosis, batch_size, n)
        error = 100 * np.sqrt(0.25 / 1500)
        assert abs(predicted - measured) < points + 2 * error


def test_other_levels_and_numbers_of_batches_keep_the_ceiling() -> None:
    for n in (3, 12, 77, 5000):
        for level in (0.001, 0.05, 0.3):
            assert predicted_pass_rate(0, 0, 8, n, level) == pytest.approx(1 - level)
    assert np.isnan(predicted_pass_rate(np.nan, 0, 8, 200))
    with pytest.raises(ValueError, match="n: found 2"):
        predicted_pass_rate(0, 0, 8, 2)
    with pytest.raises(ValueError, match="significance"):
        predicted_pass_rate(0, 0, 8, 200, 1.0)


def test_cumulants_without_replacement_agree_with_all_subsets() -> None:
    values = np.random.default_rng(2).gamma(0.7, size=14)
    size = 5
    means = np.array([np.mean(each) for each in combinations(values, size)])
    skewness, kurtosis = finite_population(stats.skew(values), stats.kurtosis(values), size, 14)
    assert stats.skew(means) == pytest.approx(skewness / np.sqrt(size))
    assert stats.kurtosis(means) == pytest.approx(kurtosis / size)


def test_between_tabulated_numbers_of_batches_probits_are_linear_in_the_logarithm() -> None:
    below, above = _surface(1000, 0.05), _surface(2000, 0.05)
    np.testing.assert_allclose(_surface(1414, 0.05), (below + above) / 2, atol=2e-3)
    assert np.abs(above - below).max() > 0.1
    np.testing.assert_allclose(_surface(1189, 0.05), 0.75 * below + 0.25 * above, atol=2e-3)


def test_kurtosis_falls_as_the_batch_size_and_skewness_as_its_root() -> None:
    one = predicted_pass_rate(0.8, 1.5, 4, 200)
    assert predicted_pass_rate(0.8 * np.sqrt(8), 1.5 * 8, 32, 200) == pytest.approx(one)
    assert 0.1 < one < 0.9

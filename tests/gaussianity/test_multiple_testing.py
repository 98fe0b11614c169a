"""What many p-values say together, against SciPy and statsmodels."""

import numpy as np
import pytest
from scipy.stats import false_discovery_control
from statsmodels.stats.multitest import multipletests

from gradnoise.gaussianity.multiple_testing import benjamini_hochberg, passing, storey_pi0
from gradnoise.gaussianity.statistics.shapiro_wilk import shapiro_wilk


def test_benjamini_hochberg_by_hand() -> None:
    assert benjamini_hochberg([0.03, 0.001, 0.02, 0.9, 0.5], 0.05) == 3
    assert benjamini_hochberg([0.04, 0.6], 0.05) == 0
    assert benjamini_hochberg([], 0.05) == 0


def test_gaussian_layer_has_no_rejections_and_all_null() -> None:
    pvalues = shapiro_wilk(np.random.default_rng(0).standard_normal((20_000, 100))).pvalue
    assert benjamini_hochberg(pvalues, 0.05) == 0
    assert storey_pi0(pvalues) == pytest.approx(1, abs=0.03)


def test_mixture_of_gaussian_and_skewed_coordinates() -> None:
    random = np.random.default_rng(0)
    pvalues = np.concatenate(
        [
            shapiro_wilk(random.standard_normal((20_000, 200))).pvalue,
            shapiro_wilk(random.standard_gamma(16, (5_000, 200))).pvalue,
        ]
    )
    assert 100 * np.mean(pvalues >= 0.05) == pytest.approx(81.8, abs=0.8)
    assert benjamini_hochberg(pvalues, 0.05) == pytest.approx(2020, abs=120)
    assert storey_pi0(pvalues) == pytest.approx(0.825, abs=0.03)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("rate", [0.01, 0.05, 0.3])
def test_benjamini_hochberg_rejects_as_many_as_statsmodels_and_scipy(
    seed: int, rate: float
) -> None:
    random = np.random.default_rng(seed)
    pvalues = np.concatenate([random.random(400), random.beta(0.2, 5, 100)])
    found = benjamini_hochberg(pvalues, rate)
    assert found > 0
    assert found == multipletests(pvalues, rate, "fdr_bh")[0].sum()
    assert found == (false_discovery_control(pvalues) <= rate).sum()


def test_percentage_of_tests_that_pass() -> None:
    assert passing(np.array([0.05, 0.04, 0.9, 0.2]), 0.05) == 75
    assert np.isnan(passing(np.array([]), 0.05))
    assert np.isnan(passing(np.array([0.5, np.nan]), 0.05))

"""Moderated variances, by hand and by simulation."""

import numpy as np
import pytest
from scipy import optimize, special, stats

from gradnoise.tables.moderated.moderation import fit_prior, moderate, trigamma_inverse


def test_trigamma_is_inverted():
    for x in (1e-4, 0.3, 1.0, 7.5, 400.0, 3e6):
        assert trigamma_inverse(float(special.polygamma(1, x))) == pytest.approx(x, rel=1e-6)


def test_a_prior_worked_by_hand():
    # Smyth (2004), section 6.2, with d = 2: digamma(1) = -0.5772157, trigamma(1) = 1.6449341.
    variances = np.array([0.02, 1.1, 7.0, 60.0])
    logs = np.log(variances) + 0.5772156649
    mean = logs.mean()  # 1.3808
    excess = ((logs - mean) ** 2).sum() / 3 - np.pi**2 / 6
    half = optimize.brentq(lambda x: special.polygamma(1, x) - excess, 1e-3, 1e3)
    d0, scale = fit_prior(variances, 2)
    assert d0 == pytest.approx(2 * half)
    assert scale == pytest.approx(np.exp(mean + special.digamma(half) - np.log(half)))


def test_variances_that_vary_no_more_than_chance_share_one():
    # The logarithms of 1, 1.1 and 1.2 vary far less than trigamma(1).
    assert fit_prior(np.array([1.0, 1.1, 1.2]), 2) == (np.inf, pytest.approx(1.1))
    assert fit_prior(np.array([1.0, 1.1, 1.2]), 2, most=8.0) == (8.0, pytest.approx(1.1))


def test_too_few_variances_have_no_prior():
    assert fit_prior(np.array([3.0, 5.0]), 2) == (0.0, 4.0)
    d0, scale = fit_prior(np.array([0.0, np.nan]), 2)
    assert d0 == 0
    assert np.isnan(scale)
    # Zeros are left out.
    assert fit_prior(np.array([3.0, 5.0, 0.0]), 2) == (0.0, 4.0)


def test_moderation_weighs_by_degrees_of_freedom():
    found = moderate(np.array([6.0, 6.0]), 2, np.array([4.0, 0.0]), np.array([1.5, np.nan]))
    # (4 * 1.5 + 2 * 6) / 6
    assert found.tolist() == pytest.approx([3.0, 6.0])


@pytest.mark.parametrize(("d0", "scale"), [(5.0, 2.0), (15.0, 0.3)])
def test_the_prior_that_made_the_variances_is_found(d0, scale):
    random = np.random.default_rng(1)
    true = scale * d0 / stats.chi2.rvs(d0, size=20000, random_state=random)
    sample = true * stats.chi2.rvs(4, size=20000, random_state=random) / 4
    found_d0, found_scale = fit_prior(sample, 4)
    assert found_d0 == pytest.approx(d0, rel=0.15)
    assert found_scale == pytest.approx(scale, rel=0.02)


def test_a_prior_has_at_most_so_many_degrees():
    variances = np.array([0.02, 1.1, 7.0, 60.0])
    free, scale = fit_prior(variances, 2)
    assert fit_prior(variances, 2, most=free / 2) == (free / 2, scale)
    assert fit_prior(variances, 2, most=2 * free) == (free, scale)

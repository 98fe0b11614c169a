"""The root mean square of true deviations."""

import numpy as np
import pytest
from scipy import stats

from gradnoise.claims.scheme.root_mean_square import root_mean_square, trace_of_square


def test_noise_is_removed():
    deviations = np.array([1.0, -2.0, 4.0])
    covariance = np.diag([0.5, 0.25, 0.75])
    part = root_mean_square("x", deviations, covariance, 40, 3.0)
    assert part.value == pytest.approx(np.sqrt((21 - 1.5) / 3))
    assert root_mean_square("x", deviations / 9, covariance, 40, 3.0).value == 0


def test_bounds_by_hand():
    deviations = np.array([1.0, -2.0, 4.0])
    covariance = np.array([[0.5, 0.1, 0.0], [0.1, 0.25, 0.2], [0.0, 0.2, 0.75]])
    part = root_mean_square("x", deviations, covariance, 10, 2.0)
    total = 21 - 1.5
    square = 0.25 + 0.0625 + 0.5625 + 2 * (0.01 + 0.04)
    own = 100 / (9 * 12) * (square - 1.5**2 / 10)
    along = 0.5 + 4 * 0.25 + 16 * 0.75 + 2 * (-2 * 0.1 - 8 * 0.2)
    support = np.sqrt(2 * own + 4 * 3 * 4 * along / 21)
    contradiction = np.sqrt(2 * own + 4 * (along - own))
    quantile = stats.t.ppf(0.975, 10)
    assert part.interval[1] == pytest.approx(np.sqrt((total + quantile * support) / 3))
    assert part.interval[0] == pytest.approx(np.sqrt((total - quantile * contradiction) / 3))
    assert part.inside == pytest.approx(stats.t.cdf((total - 12) / support, 10))
    assert part.outside == pytest.approx(stats.t.sf((total - 12) / contradiction, 10))


def test_bounds_and_pvalues_agree():
    for scale in np.linspace(0.5, 1.6, 23):
        part = root_mean_square("x", 3 * scale * np.ones(8), 0.4 * np.eye(8), 12, 3.0)
        assert (part.inside <= 0.025) == (part.interval[1] < 3.0)
        assert (part.outside <= 0.025) == (part.interval[0] > 3.0)


def test_no_deviation_and_no_noise_are_certain():
    none = root_mean_square("x", np.zeros(4), 0.1 * np.eye(4), 12, 3.0)
    assert none.value == 0
    # The largest eigenvalue stands for lambda.
    own = trace_of_square(0.1 * np.eye(4), 12)
    error = np.sqrt(2 * own + 4 * 4 * 9 * 0.1)
    assert none.inside == pytest.approx(stats.t.cdf((-0.4 - 36) / error, 12))
    for value, expected in ((2.9, (0.0, 1.0)), (3.1, (1.0, 0.0))):
        exact = root_mean_square("x", np.full(4, value), np.zeros((4, 4)), 12, 3.0)
        assert (exact.inside, exact.outside) == expected


def test_the_trace_of_the_square_is_unbiased():
    random = np.random.default_rng(2)
    root = random.normal(size=(6, 6))
    covariance = root @ root.T
    samples = random.normal(size=(3000, 5, 6)) @ root.T
    found = [trace_of_square(np.cov(one.T), 4) for one in samples]
    assert np.mean(found) == pytest.approx(np.trace(covariance @ covariance), rel=0.05)


def test_one_degree_of_freedom_is_too_few():
    with pytest.raises(ValueError, match="degrees: found 1; at least 2"):
        root_mean_square("x", np.ones(3), np.eye(3), 1, 3.0)

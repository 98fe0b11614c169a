import math

import numpy as np
import pytest
from scipy.stats import levy_stable

from example_stable import (
    CELLS,
    check_no_index_of_mostly_one_value,
    check_samples_of_scipy,
    check_scale,
    check_shift,
    series,
)
from gradnoise.tails.stable.estimators.ml import maximum_likelihood
from gradnoise.tails.stable.index import tail_index

ERRORS = dict(zip(CELLS, (0.096, 0.113, 0.105, 0.027, 0.070, 0.060, 0.011), strict=True))


@pytest.mark.parametrize(("alpha", "n"), ERRORS)
def test_error(alpha: float, n: int) -> None:
    found = maximum_likelihood(series(alpha, (500, n)))
    error = math.sqrt(np.mean((found.alpha - alpha) ** 2))
    assert error <= 1.15 * ERRORS[alpha, n]
    assert found.converged.all()


def test_scale_and_location() -> None:
    check_scale("ml")
    check_samples_of_scipy("ml")
    check_shift("ml")
    check_no_index_of_mostly_one_value("ml")


def test_method_is_the_fit() -> None:
    values = series(1.7, (30, 200))
    for one, two in zip(tail_index(values, method="ml"), maximum_likelihood(values), strict=False):
        np.testing.assert_array_equal(one, two)


def test_maximum_is_where_scipys_density_says() -> None:
    values = series(1.5, (300,))
    found = maximum_likelihood(values)

    def likelihood(alpha: float, scale: float) -> float:
        return np.log(levy_stable.pdf(values - np.median(values), alpha, 0, 0, scale)).sum()

    alpha, scale = float(found.alpha), float(found.scale)
    best = likelihood(alpha, scale)
    for other in ((alpha + 0.02, scale), (alpha - 0.02, scale), (alpha, 1.02 * scale)):
        assert likelihood(*other) < best
    squares = np.mean((values - np.median(values)) ** 2)
    gauss = -150 * (math.log(2 * math.pi * squares) + 1)
    assert found.log_likelihood_ratio == pytest.approx(best - gauss, abs=0.02)


def test_gaussians_land_on_the_bound_and_gain_nothing() -> None:
    values = series(2.0, (500, 200))
    found = maximum_likelihood(values)
    at_bound = found.alpha == 2
    assert at_bound.mean() == pytest.approx(0.82, abs=0.06)
    assert np.all(found.log_likelihood_ratio[at_bound] == 0)
    assert np.all(found.log_likelihood_ratio >= 0)
    centred = values - np.median(values, axis=1, keepdims=True)
    expected = np.sqrt(np.mean(centred**2, axis=1) / 2)
    np.testing.assert_allclose(found.scale[at_bound], expected[at_bound], rtol=1e-12)


def test_lower_end_of_the_range_is_not_converged() -> None:
    found = maximum_likelihood(series(0.25, (20, 600)))
    assert not found.converged.any()
    assert np.all(found.alpha < 0.51)

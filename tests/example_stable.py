"""Series of stable laws, and what every estimator of such a law's index must do with them."""

import math

import numpy as np
import pytest

from gradnoise.draws.streams import Stream, generator
from gradnoise.tails.stable.density import sample_stable
from gradnoise.tails.stable.index import tail_index

# Root mean square error of alpha over series of n, by (alpha, n).
CELLS = ((1.2, 200), (1.5, 200), (1.8, 200), (2.0, 200), (1.5, 600), (1.8, 600), (2.0, 600))


def series(alpha: float, shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    return sample_stable(generator(seed, Stream.TAILS, "test"), alpha, shape)


def check_error(method: str, alpha: float, n: int, expected: float, count: int = 4000) -> float:
    """The error is the expected one; returns the bias."""
    found = tail_index(series(alpha, (count, n)), method=method)
    error = math.sqrt(np.mean((found.alpha - alpha) ** 2))
    assert 0.8 * expected <= error <= 1.15 * expected
    assert found.converged.mean() > 0.999
    return float(np.mean(found.alpha - alpha))


def check_scale(method: str) -> None:
    for alpha in (1.0, 1.6, 2.0):
        found = tail_index(3.0 * series(alpha, (400, 600)), method=method)
        assert np.median(found.scale) == pytest.approx(3.0, rel=0.03)


def check_samples_of_scipy(method: str) -> None:
    from scipy.stats import levy_stable

    values = levy_stable.rvs(1.5, 0, size=(500, 600), random_state=1)
    assert np.mean(tail_index(values, method=method).alpha) == pytest.approx(1.5, abs=0.03)


def check_shift(method: str) -> None:
    values = series(1.6, (40, 300))
    found, expected = (tail_index(each, method=method).alpha for each in (values + 50, values))
    np.testing.assert_allclose(found, expected, atol=1e-3)


def check_no_index_of_mostly_one_value(method: str) -> None:
    values = series(2.0, (200,))
    values[40:] = 0.25
    found = tail_index(values, method=method)
    assert np.isnan(found.alpha)
    assert np.isnan(found.scale)
    assert not found.converged

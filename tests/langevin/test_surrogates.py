"""Commuting surrogates: the null of a current."""

import numpy as np
import pytest

from gradnoise.langevin.predictions import StepRule
from gradnoise.langevin.surrogates import COUNT, commuting_trajectory, entropy_production_null
from gradnoise.langevin.theory.stationary import stationary_covariance

CURVATURES, NOISE = np.array([1.0, 0.4]), np.array([2.0, 0.5])


@pytest.mark.parametrize("momentum", [0.0, 0.8])
def test_surrogates_are_stationary_sgd_on_a_diagonal_quadratic(momentum: float) -> None:
    rule = StepRule(0.2, momentum, False, 0.0, 8, "with_replacement", 100)
    random = np.random.default_rng(0)
    found = commuting_trajectory(CURVATURES, NOISE, rule, (4000, 20), random)
    exact = stationary_covariance(np.diag(CURVATURES), np.diag(NOISE), 0.2, momentum)
    assert np.cov(found[:, -1].T) == pytest.approx(exact, abs=0.08 * exact.max())
    assert found[:, 0].var(axis=0) == pytest.approx(np.diag(exact), rel=0.1)


def test_the_null_depends_on_seed_and_name_alone_and_is_near_zero() -> None:
    rule = StepRule(0.2, 0.0, False, 0.0, 8, "with_replacement", 100)

    def null(seed: int, name: str) -> np.ndarray:
        return entropy_production_null(CURVATURES, NOISE, rule, (2, 500), seed, name)

    one = null(1, "a")
    assert one.shape == (COUNT,)
    assert np.array_equal(one, null(1, "a"))
    assert not np.array_equal(one, null(2, "a"))
    assert not np.array_equal(one, null(1, "b"))
    assert abs(one.mean()) < 4 * one.std() / np.sqrt(COUNT)

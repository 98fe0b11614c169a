"""Trajectories of which time could run backward as well."""

import numpy as np
import pytest

from gradnoise.langevin.predictions import StepRule
from gradnoise.langevin.surrogates import commuting_trajectory, surrogates
from gradnoise.langevin.theory.relaxation import autocorrelation
from gradnoise.langevin.theory.stationary import stationary_covariance

CURVATURES, NOISE = np.array([1.0, 0.4]), np.array([2.0, 0.5])


@pytest.mark.parametrize("momentum", [0.0, 0.8])
def test_surrogates_are_stationary_sgd_on_a_diagonal_quadratic(momentum: float) -> None:
    rule = StepRule(0.2, momentum, False, 0.0, 8, "with_replacement", 100)
    random = np.random.default_rng(0)
    found = commuting_trajectory(CURVATURES, NOISE, rule, np.empty((20_000, 12, 2)), random)
    exact = stationary_covariance(np.diag(CURVATURES), np.diag(NOISE), 0.2, momentum)
    # From the first step on, in every lag.
    for step in (0, 1, 2, 11):
        assert np.cov(found[:, step].T) == pytest.approx(exact, abs=0.04 * exact.max())
    for mode, curvature in enumerate(CURVATURES):
        expected = autocorrelation(curvature, 0.2, momentum, np.arange(12))
        measured = (found[:, :1, mode] * found[..., mode]).mean(0) / exact[mode, mode]
        assert measured == pytest.approx(expected, abs=0.04)


def test_surrogates_depend_on_seed_name_and_rule_alone() -> None:
    rule = StepRule(0.2, 0.0, False, 0.0, 8, "with_replacement", 100)

    def first(seed: int, name: str) -> np.ndarray:
        return next(surrogates(CURVATURES, NOISE, rule, (2, 50), 2, seed, name))

    assert np.array_equal(first(1, "a"), first(1, "a"))
    assert not np.array_equal(first(1, "a"), first(2, "a"))
    assert not np.array_equal(first(1, "a"), first(1, "b"))
    # Another rule is another purpose: controls of two trajectories share no numbers.
    other = rule._replace(learning_rate=0.1)
    made = next(surrogates(CURVATURES, NOISE, other, (2, 50), 2, 1, "a"))
    standard = [each[:, 0] / each[:, 0].std() for each in (made, first(1, "a"))]
    assert not np.allclose(*standard)


def test_there_are_as_many_as_asked_for_and_they_differ() -> None:
    rule = StepRule(0.2, 0.0, False, 0.0, 8, "with_replacement", 100)
    sums = [each.sum() for each in surrogates(CURVATURES, NOISE, rule, (1, 10), 7, 1, "a")]
    assert len(set(sums)) == 7

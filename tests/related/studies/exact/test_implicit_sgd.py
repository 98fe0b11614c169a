import numpy as np
import pytest

from gradnoise.langevin.theory.stationary import stationary_covariance
from gradnoise.related.studies.exact.implicit_sgd import (
    explicit_variance,
    growth,
    implicit_variance,
    run,
    simulate,
)
from gradnoise.related.study import Settings


@pytest.mark.parametrize(("rate", "expected"), [(0.5, 0.2), (5.0, 5 / 7)])
def test_variance_of_implicit_sgd_is_known_on_both_sides_of_the_limit(rate, expected) -> None:
    assert implicit_variance(rate) == pytest.approx(expected, rel=1e-12)


def test_variance_solves_its_recursion_for_any_curvature_and_noise() -> None:
    rate, curvature, noise = 0.7, 3.0, 0.4
    shrink = 1 / (1 + rate * curvature)
    variance = implicit_variance(rate, curvature, noise)
    assert variance == pytest.approx(shrink**2 * (variance + rate**2 * noise), rel=1e-12)


def test_variance_of_explicit_sgd_is_the_stationary_law_s() -> None:
    assert explicit_variance(0.7, 1.3, 0.4) == pytest.approx(
        stationary_covariance(1.3, 0.4, 0.7)[0, 0]
    )
    assert explicit_variance(2.0) == np.inf
    assert growth(5.0, 3) == 64.0


@pytest.mark.parametrize(("rate", "implicit"), [(0.5, True), (5.0, True), (0.5, False)])
def test_simulation_meets_the_closed_form(rate: float, implicit: bool) -> None:
    values = simulate(Settings(seed=1, repeats=12), rate, implicit)
    expected = implicit_variance(rate) if implicit else explicit_variance(rate)
    error = values.std(ddof=1) / np.sqrt(12)
    assert error < 0.01 * expected
    assert abs(values.mean() - expected) < 4.5 * error


def test_every_row_lies_in_its_range() -> None:
    for row in run(Settings(seed=2, repeats=3, length=0.5)).rows:
        assert row.least < row.measured < row.most, row

import numpy as np
import pytest

from gradnoise.langevin.theory.stationary import lag_covariances
from gradnoise.related.studies.exact.settled_loss import (
    LAGS,
    curvatures,
    displacement,
    exponent,
    run,
    simulate,
)
from gradnoise.related.study import Settings


def test_displacement_is_the_stationary_law_s() -> None:
    h = np.array([0.9, 0.2])
    lags = lag_covariances(np.diag(h), np.diag(h), 0.5, points=6)
    expected = [2 * np.trace(lags[0] - lags[lag]) for lag in (1, 5)]
    assert displacement(np.array([1, 5]), h) == pytest.approx(expected)


def test_between_the_modes_the_exponent_is_a_half() -> None:
    # h_i = i^-2 without a last mode within reach.
    h = np.arange(1.0, 2e4) ** -2
    lags = np.array([50.0, 200.0, 1000.0])
    assert exponent(lags, displacement(lags, h)) == pytest.approx(0.5, abs=0.02)


def test_exponents_are_fitted_between_their_lags_alone() -> None:
    lags = np.array([10.0, 50.0, 100.0, 1000.0, 5000.0])
    moved = lags**0.7
    moved[[0, -1]] = 1e9, 1e-9
    assert exponent(lags, moved) == pytest.approx(0.7)


def test_simulation_meets_displacement_and_loss() -> None:
    found = [simulate(Settings(seed=1), repeat) for repeat in range(2)]
    moved = np.mean([moved for _, moved, _ in found], axis=0)
    h = curvatures()
    assert moved == pytest.approx(displacement(np.array(LAGS, float), h), rel=0.05)
    losses = np.mean([losses.mean() for losses, _, _ in found])
    assert losses == pytest.approx((h * 0.5 / (2 - 0.5 * h)).sum() / 2, rel=0.03)


def test_every_row_lies_in_its_range() -> None:
    rows = run(Settings(seed=2, repeats=4)).rows
    for row in rows:
        assert row.least < row.measured < row.most, row
    assert rows[1].measured == pytest.approx(rows[1].predicted, abs=0.03)
    assert rows[2].measured > 3 * rows[0].measured
    networks = [row for row in rows if row.quantity.startswith("networks: ")]
    assert [(row.least, row.most) for row in networks[:3]] == [
        (-np.inf, 0.05),
        (0.0, np.inf),
        (-np.inf, np.inf),
    ]

import numpy as np
import pytest

from gradnoise.langevin.theory.stationary import stationary_covariance
from gradnoise.related.studies.exact import persistent_sgd
from gradnoise.related.studies.exact.persistent_sgd import (
    noise_variance,
    persistence,
    persistent_variance,
    run,
    samples,
    simulate,
)
from gradnoise.related.study import Settings


@pytest.mark.parametrize(("rho", "expected"), [(0.5, 0.138756), (0.9, 0.501385)])
def test_variance_is_known(rho: float, expected: float) -> None:
    assert persistent_variance(0.1, 1.0, 1.0, rho) == pytest.approx(expected, abs=5e-7)


def test_without_memory_it_is_plain_sgd_s() -> None:
    plain = stationary_covariance(1.4, 0.6, 0.3)[0, 0]
    assert persistent_variance(0.3, 1.4, 0.6, 0.0) == pytest.approx(plain)


def test_persistence_gives_the_correlation_from_step_to_step() -> None:
    # Two states: 1 - (entering + leaving).
    tau = persistence(0.9)
    entering = 0.25 / (0.75 * tau)
    assert 1 - entering - 1 / tau == pytest.approx(0.9)


@pytest.mark.parametrize("rho", persistent_sgd.CORRELATIONS)
def test_simulation_meets_variance_and_response(rho: float) -> None:
    settings = Settings(seed=1, repeats=12)
    variance, shift = simulate(settings, rho)
    expected = persistent_variance(0.1, 1.0, noise_variance(samples(settings)), rho)
    error = variance.std(ddof=1) / np.sqrt(12)
    assert error < 0.03 * expected
    assert abs(variance.mean() - expected) < 4.5 * error
    assert shift == pytest.approx(np.ones(12), rel=1e-6)  # force over curvature


def test_the_effective_temperature_rises() -> None:
    rows = run(Settings(seed=3, repeats=4, length=0.3)).rows
    (row,) = (each for each in rows if each.quantity.startswith("effective temperature"))
    assert row.least == 1.0
    assert row.predicted == pytest.approx(0.501385 / 0.138756, rel=1e-5)
    assert row.measured == pytest.approx(row.predicted, rel=0.15)


def test_boundaries_are_compared_with_plain_sgd_s_on_the_same_images() -> None:
    found = run(Settings(seed=3, repeats=2, length=0.02))
    ratios = [row for row in found.rows if row.quantity.startswith("log ratio")]
    wider = found.arrays["wider"]
    assert (wider[0] == 0).all()
    assert [row.measured for row in ratios] == pytest.approx(list(wider[1:].mean(axis=1)))
    assert [row.least for row in ratios] == [0.0, 0.0]

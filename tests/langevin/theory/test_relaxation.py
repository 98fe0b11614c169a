"""How SGD forgets on a quadratic."""

import numpy as np
import pytest

from example_descents import simulate
from gradnoise.langevin.theory import relaxation


def test_autocorrelation_time_oscillation_and_decay() -> None:
    assert relaxation.autocorrelation_time(0.01, 1.0, 0.9) == pytest.approx(19.94737, abs=1e-5)
    rho = relaxation.autocorrelation(0.1, 1.0, 0.9, np.arange(2000))
    assert 1 + 2 * rho[1:].sum() == pytest.approx(relaxation.autocorrelation_time(0.1, 1.0, 0.9))
    found = relaxation.oscillation(0.1, 1.0, 0.9)
    assert found.oscillates
    assert found.frequency == pytest.approx(0.32175, abs=1e-5)
    assert found.continuum_frequency == pytest.approx(0.32015, abs=1e-5)
    assert found.decay == pytest.approx(-np.log(0.9) / 2)
    sharp = relaxation.oscillation(2.0, 1.0, 0.9)
    assert (sharp.frequency, sharp.continuum_frequency) == pytest.approx((1.6235, 1.4500), abs=1e-4)
    still = relaxation.oscillation(0.001, 1.0, 0.5)
    assert not still.oscillates
    assert still.frequency == 0
    assert still.decay == pytest.approx(0.002, rel=0.01)
    plain = relaxation.oscillation(0.3, 1.0, 0.0)
    assert plain.decay == pytest.approx(-np.log(0.7))


def test_simulated_autocorrelation_follows_the_exact_one() -> None:
    chains = simulate(1.0, 1.0, 0.2, 0.9, steps=30, chains=20000, warm=300)[..., 0]
    lags = np.array([1, 3, 8, 20])
    exact = relaxation.autocorrelation(1.0, 0.2, 0.9, lags)
    for lag, expected in zip(lags, exact, strict=True):
        measured = np.mean(chains[:-lag] * chains[lag:]) / np.mean(chains**2)
        assert measured == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize(("exponent", "slope"), [(2.0, 0.499), (3.0, 0.334), (1.5, 0.654)])
def test_displacement_of_a_power_law_spectrum_is_anomalous(exponent: float, slope: float) -> None:
    modes = np.arange(1, 20001, dtype=float)
    curvatures = modes**-exponent
    rate = 0.5
    variances = rate * curvatures / (curvatures * (2 - rate * curvatures))
    lags = np.unique(np.geomspace(1e2, 4e5 if exponent == 2 else 1e4, 15).astype(int))
    rho = (1 - rate * curvatures)[:, None] ** lags
    moved = relaxation.mean_squared_displacement(variances, rho)
    assert np.polyfit(np.log(lags), np.log(moved), 1)[0] == pytest.approx(slope, abs=0.02)

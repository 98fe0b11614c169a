import math

import numpy as np
import pytest

from gradnoise.tails.stable.density import RESOLUTION, STRETCH, density, density_table
from gradnoise.tails.stable.likelihood import interpolate, log_density_row


@pytest.mark.parametrize("alpha", [0.5, 0.513, 0.99, 1.4567, 1.888, 1.96, 1.99, 1.9999])
def test_interpolated_log_density(alpha: float) -> None:
    x = np.concatenate([np.linspace(0, 12, 101), np.geomspace(12, 1e4, 20)])
    row = np.empty(density_table().shape[1])
    log_density_row(density_table(), alpha, row)
    values = [interpolate(row, alpha, each) for each in x]
    exact = np.log(density(x, alpha))
    # Close to 2 the tail turns from Gaussian to power law within one step of the table.
    tolerance = 1e-3 if alpha < 1.98 else 0.02
    np.testing.assert_allclose([value for value, _ in values], exact, atol=tolerance)
    # The derivative is the interpolant's own.
    above, below = (interpolate(row, alpha, 2.0 * math.exp(step))[0] for step in (1e-5, -1e-5))
    assert interpolate(row, alpha, 2.0)[1] == pytest.approx((above - below) / 2e-5, rel=1e-5)


@pytest.mark.parametrize("alpha", [0.6, 1.3, 1.9])
def test_beyond_its_table_the_density_falls_as_a_power_law(alpha: float) -> None:
    row = np.empty(density_table().shape[1])
    log_density_row(density_table(), alpha, row)
    end = STRETCH * math.sinh((row.size - 2) * RESOLUTION)
    inside, _ = interpolate(row, alpha, end * (1 - 1e-9))
    for factor in (1.5, 40.0, 1e5):
        value, slope = interpolate(row, alpha, end * factor)
        assert value == pytest.approx(inside - (1 + alpha) * math.log(factor), abs=1e-4)
        assert slope == pytest.approx(-(1 + alpha))

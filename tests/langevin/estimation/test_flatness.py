"""Flatness of slices."""

import math

import numpy as np
import pytest

from gradnoise.langevin.estimation.flatness import flatness_exponent, flatness_width


def test_flatness_of_a_quadratic() -> None:
    x = np.linspace(-3, 2, 5001)
    width = flatness_width(x, 0.3 + 0.5 * 2.0 * (x - 0.1) ** 2)
    assert width == pytest.approx(2 * math.sqrt(2 * (math.e - 1) * 0.3 / 2.0), rel=1e-5)
    assert math.isnan(flatness_width(x, 1 + 0.01 * x**2))
    with pytest.raises(ValueError, match="positive"):
        flatness_width(x, x**2 - 1)


@pytest.mark.parametrize("power", [1, 2, 3])
def test_flatness_exponent_of_the_quadratic(power: int) -> None:
    curvature = np.geomspace(0.01, 1, 30)
    variance = 0.01 * curvature ** (power - 1) / (2 - 0.01 * curvature)
    found = flatness_exponent(2 * np.sqrt(2 * (math.e - 1) / curvature), variance)
    assert found.value == pytest.approx(2 * (power - 1), abs=0.01)

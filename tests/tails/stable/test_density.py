import math

import numpy as np
import pytest
from scipy.stats import levy_stable

from example_stable import series
from gradnoise.tails.stable.density import (
    LOWEST,
    RESOLUTION,
    SPACING,
    STRETCH,
    density,
    density_table,
    sample_stable,
)


@pytest.mark.parametrize("alpha", [0.5, 0.8, 1.0, 1.45, 1.9])
def test_density_is_scipys(alpha: float) -> None:
    x = np.array([0.0, 0.02, 0.7, 1.5, 4.0, 12.0, 90.0])
    np.testing.assert_allclose(density(x, alpha), levy_stable.pdf(x, alpha, 0), rtol=1e-6)


def test_density_of_cauchy_and_gauss() -> None:
    x = np.array([0.0, 0.1, 0.9, 1.1, 9.0, 11.0, 1e5])
    np.testing.assert_allclose(density(x, 1.0), 1 / (np.pi * (1 + x**2)), rtol=1e-12)
    gauss = np.exp(-(x[:6] ** 2) / 4) / math.sqrt(4 * math.pi)
    np.testing.assert_allclose(density(x[:6], 2.0), gauss, rtol=1e-12)


@pytest.mark.parametrize("alpha", [0.6, 1.3, 1.9, 1.975])
def test_density_far_out_is_the_power_law(alpha: float) -> None:
    x = np.array([1e4, 1e6])
    power = math.gamma(1 + alpha) * math.sin(math.pi * alpha / 2) / math.pi * x ** (-1 - alpha)
    second = math.gamma(1 + 2 * alpha) * math.sin(math.pi * alpha) / (2 * math.pi)
    expected = power - second * x ** (-1 - 2 * alpha)
    np.testing.assert_allclose(density(x, alpha), expected, rtol=1e-3 if alpha < 1 else 1e-7)


def test_table_holds_the_density_where_it_says() -> None:
    table = density_table()
    for i, j in ((0, 0), (3, 100), (40, 77), (60, 60)):
        x = STRETCH * math.sinh(RESOLUTION * j)
        assert table[i, j] == density(np.array([x]), LOWEST + SPACING * i)[0]


def test_sampler_follows_the_law() -> None:
    t = np.array([0.3, 1.0, 2.0])
    for alpha in (0.7, 1.0, 1.5, 2.0):
        values = series(alpha, (200_000,))
        found = np.cos(t[:, None] * values).mean(axis=1)
        np.testing.assert_allclose(found, np.exp(-(t**alpha)), atol=0.008)
    with pytest.raises(ValueError, match=r"found 2.1; accepted: above 0"):
        sample_stable(np.random.default_rng(0), 2.1, 3)

"""Lattices of values, and sums on them."""

import numpy as np
import pytest
from scipy import stats

from gradnoise.clt.exact.lattice import (
    Reach,
    common_spacing,
    length,
    masses,
    near,
    rounding_bound,
    sum_of_draws,
)


def standard(values: np.ndarray) -> np.ndarray:
    return (values - values.mean()) / values.std()


@pytest.mark.parametrize(
    ("values", "spacing"),
    [
        ([0.0, 1.0], 1.0),
        ([0.0, 4.0, 10.0], 2.0),
        ([-0.3, 0.0, 0.7], 0.1),
        ([0.0, 1.0, np.e], 0.0),
        ([0.0, 1.0, 2.0001], 1e-4),
        (list(np.arange(300.0)), 1.0),
        ([0.0, 1.0, 1e5], 0.0),  # too many points
    ],
)
def test_the_common_spacing_is_the_coarsest_that_holds_all(
    values: list[float], spacing: float
) -> None:
    assert common_spacing(np.array(values)) == pytest.approx(spacing, rel=1e-6)


def test_the_reach_holds_nearly_all_of_the_sum() -> None:
    random = np.random.default_rng(0)
    values = np.sort(standard(random.gamma(0.3, size=2000)))
    reach = Reach(values, np.full(2000, 1 / 2000))
    for batch_size in (2, 30):
        below, above = reach.of(batch_size)
        sums = values[random.integers(0, 2000, (200_000, batch_size))].sum(axis=1)
        assert -below <= sums.min()
        assert sums.max() <= above
        assert above <= batch_size * values[-1] + 1e-9
    # A Gaussian's probability of 1e-8 lies at 5.6 deviations; Chernoff's bound at 6.1.
    normal = np.sort(standard(stats.norm.ppf((np.arange(20_000) + 0.5) / 20_000)))
    below, above = Reach(normal, np.full(20_000, 1 / 20_000)).of(400)
    assert below == pytest.approx(above, rel=1e-6)
    assert 5.6 * 20 < above < 7 * 20


def test_the_sum_of_draws_is_the_convolution_wherever_the_window_starts() -> None:
    mass = np.array([0.5, 0.0, 0.3, 0.2])
    mean = float(np.arange(4) @ mass)
    expected = np.ones(1)
    for _ in range(50):
        expected = np.convolve(expected, mass)
    start, whole = sum_of_draws(mass, 0, 50, 1.0, -mean, (1e9, 1e9))
    assert start == 0
    np.testing.assert_allclose(whole[: expected.size], expected, atol=1e-15)
    # Sixty of deviation eight: the window is shorter than the support, and turns with its start.
    start, part = sum_of_draws(mass, 0, 50, 1.0, -mean, (28.0, 28.0))
    assert part.size == 64
    assert start == int(np.floor(50 * mean - 30))
    np.testing.assert_allclose(part, expected[start : start + 64], atol=1e-3)


def test_transforms_are_no_longer_than_need_be() -> None:
    assert [length(n) for n in (1, 2, 3, 7, 8, 9, 11, 13, 1025, 1281)] == [
        *(1, 2, 3, 8, 8, 10, 12, 16, 1280, 1536)
    ]


def test_nothing_but_the_points_near_zero_decides_on_the_distance() -> None:
    # Of 20 draws, whose deviation is 4.47: 7 deviations are 31.3, and 20 offsets of 0.35 are 7.
    here, points = near(-60, 120, 1.0, 0.35, 20)
    assert points.size == here.stop - here.start
    np.testing.assert_allclose(points * np.sqrt(20), np.arange(-60, 60)[here] + 7)
    assert points[0] <= -7 < points[1]
    assert points[-2] <= 7 < points[-1]
    # A window that lies wholly on one side keeps its nearest point.
    for start, expected in ((200, 0), (-300, 19)):
        assert near(start, 20, 1.0, 0.35, 20)[0] == slice(expected, expected + 1)


def test_the_rounding_bound_covers_simulated_sums_of_errors() -> None:
    random = np.random.default_rng(1)
    errors = random.uniform(-0.5, 0.5, 1000)
    errors -= errors.mean()
    for batch_size in (4, 100):
        bound = rounding_bound(errors, np.full(1000, 1e-3), 1.0, batch_size)
        total = errors[random.integers(0, 1000, (100_000, batch_size))].sum(axis=1)
        # The distribution function of a Gaussian, moved by the errors, is off by their mean size at most.
        needed = np.abs(total).mean() * stats.norm.pdf(0) / np.sqrt(batch_size)
        assert needed < bound < 12 * needed


def test_masses_gather_weights() -> None:
    np.testing.assert_array_equal(masses(np.array([2, 0, 2]), np.array([1.0, 2.0, 3.0])), [2, 0, 4])

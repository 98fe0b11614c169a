"""Exact stationary laws against closed forms, quadrature of the published formula, and mpmath."""

from itertools import pairwise

import mpmath
import numpy as np
import pytest
from scipy import integrate, stats

from gradnoise.balance import (
    critical_temperature,
    diagonal_cdf,
    diagonal_density,
    diagonal_moments,
    diagonal_quantiles,
)


def published(v, depth, temperature, k, s, a, width=1):
    """Logarithm of the density of arXiv:2308.06671, unnormalised, its integral by quadrature from v = k."""
    C = a * (v - k) ** 2 + s**2
    power = 2 * depth / (depth + 1)

    def integrand(z):
        scale = width * (depth + 1) * (z / width) ** power
        return (z - k) / (scale * (a * (z - k) ** 2 + s**2))

    integral = integrate.quad(integrand, k, v, epsabs=1e-13, epsrel=1e-12, limit=500)[0]
    return -3 * depth / (depth + 1) * np.log(v) - np.log(C) - 2 / temperature * integral


@pytest.mark.parametrize("width", [1, 3])
@pytest.mark.parametrize("inputs", ["rademacher", "gaussian"])
@pytest.mark.parametrize("depth", [1, 2, 3, 5])
def test_the_density_is_the_published_formula(depth, inputs, width):
    k, s, a = 1.3, 0.7, 2.0 if inputs == "gaussian" else 0.0
    temperature = 0.6 * critical_temperature(k, s, inputs)
    v = np.array([2.2, 0.2, 0.7, 1.3, 4.0])
    density = diagonal_density(v, depth, temperature, k, s, inputs, width)
    expected = [published(each, depth, temperature, k, s, a, width) for each in v]
    found = np.log(density)
    np.testing.assert_allclose(found - found[3], np.array(expected) - expected[3], atol=1e-8)


@pytest.mark.parametrize("inputs", ["rademacher", "gaussian"])
@pytest.mark.parametrize("depth", [0, 1, 2, 3])
def test_the_density_is_normalised_and_has_the_moments(depth, inputs):
    k, s = 0.8, 1.1
    population = depth, 0.5 * critical_temperature(k, s, inputs), k, s, inputs

    def density(v):
        return float(diagonal_density(np.array([v]), *population)[0])

    points = [-np.inf, -5, 0, 0.01, 0.2, 1, 3, 20, np.inf]
    raw = [
        sum(
            integrate.quad(lambda v, n=n: density(v) * v**n, *each, limit=200)[0]
            for each in pairwise(points)
        )
        for n in range(3)
    ]
    mean, variance = diagonal_moments(*population)
    assert raw[0] == pytest.approx(1, rel=1e-6)
    assert mean == pytest.approx(raw[1], rel=1e-6)
    assert variance == pytest.approx(raw[2] - raw[1] ** 2, rel=1e-5)


@pytest.mark.parametrize("r", [0.02, 0.25, 0.5, 0.9])
def test_depth_one_is_a_gamma_law(r):
    k, s = 1.7, 3.0
    population = 1, r * 2 * k / s**2, k, s
    law = stats.gamma((1 - r) / (2 * r), scale=2 * r * k)
    chances = np.array([0.9, 0.05, 0.5])
    v = law.ppf(chances)
    np.testing.assert_allclose(diagonal_density(v, *population), law.pdf(v), rtol=1e-9)
    np.testing.assert_allclose(diagonal_cdf(v, *population), chances, rtol=1e-9)
    np.testing.assert_allclose(diagonal_quantiles(chances, *population), v, rtol=1e-8)
    assert diagonal_moments(*population) == pytest.approx((k * (1 - r), 2 * r * (1 - r) * k**2))


def test_just_below_the_critical_temperature_most_mass_is_at_zero():
    r = 0.999
    assert diagonal_moments(1, 2 * r) == pytest.approx((1 - r, 2 * r * (1 - r)), rel=1e-9)
    law = stats.gamma((1 - r) / (2 * r), scale=2 * r)
    assert diagonal_cdf(1e-100, 1, 2 * r) == pytest.approx(law.cdf(1e-100), rel=1e-9)


@pytest.mark.parametrize("temperature", [0.15, 0.8])
def test_depth_zero_is_normal_or_students(temperature):
    k, s, v = 0.4, 1.2, np.array([2.0, -1.5, 0.1])
    normal = stats.norm(k, s * np.sqrt(temperature / 2))
    student = stats.t(1 + 1 / temperature, k, s / np.sqrt(2 + 2 / temperature))
    for inputs, law in (("rademacher", normal), ("gaussian", student)):
        population = 0, temperature, k, s, inputs
        np.testing.assert_allclose(diagonal_density(v, *population), law.pdf(v), rtol=1e-12)
        np.testing.assert_allclose(diagonal_cdf(v, *population), law.cdf(v), rtol=1e-10)
        np.testing.assert_allclose(
            diagonal_quantiles(law.cdf(v), *population), v, rtol=1e-9, atol=1e-9
        )
    # arXiv:2308.06671: T min C / (2 b1 - T a1)
    found = diagonal_moments(0, temperature, k, s, "gaussian")
    assert found == pytest.approx((k, temperature * s**2 / (2 - 2 * temperature)))


def test_the_variance_at_depth_zero_diverges_at_temperature_one():
    assert diagonal_moments(0, 0.999, inputs="gaussian").variance == pytest.approx(499.5)
    assert diagonal_moments(0, 1.0, inputs="gaussian").variance == np.inf


@pytest.mark.parametrize(
    ("depth", "temperature", "expected"),
    [
        (1, 1.0, (0.5, 0.5)),
        (2, 0.2, (0.8191855, 0.2300659)),
        (3, 1.0, (0.3076923, 0.3668639)),
    ],
)
def test_known_moments(depth, temperature, expected):
    assert diagonal_moments(depth, temperature) == pytest.approx(expected, abs=1e-7)
    # Label noise and temperature enter by T s^2 alone.
    scaled = diagonal_moments(depth, temperature / 900, label_noise=30.0)
    assert scaled == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize("r", [0.1, 0.7, 2.5])
def test_depth_three_has_closed_moments_on_both_sides_of_depth_ones_transition(r):
    k, s = 2.0, 0.5
    temperature = r * critical_temperature(k, s)
    w = 2 * np.sqrt(k) / (temperature * s**2)
    below = 1 + 3 / w + 3 / w**2
    mean, variance = diagonal_moments(3, temperature, k, s)
    assert mean == pytest.approx(k / below, rel=1e-9)
    assert variance + mean**2 == pytest.approx(k**2 * (1 + 1 / w) / below, rel=1e-9)


def test_depth_two_against_mpmath():
    k, noise = mpmath.mpf("0.9"), mpmath.mpf("0.35")

    def moment(n):
        return mpmath.quad(
            lambda u: u ** (3 * n - 4) * mpmath.exp(-(u**2 + 2 * k / u) / noise),
            [0, 0.2, 0.5, 1, 2, mpmath.inf],
        )

    raw = [moment(n) for n in range(3)]
    mean, variance = diagonal_moments(2, 0.35, 0.9)
    assert mean == pytest.approx(float(raw[1] / raw[0]), rel=1e-10)
    assert variance == pytest.approx(float(raw[2] / raw[0] - (raw[1] / raw[0]) ** 2), rel=1e-9)


@pytest.mark.parametrize("depth", [1, 2])
def test_tails_of_normal_inputs_do_not_depend_on_the_temperature(depth):
    limit = critical_temperature(inputs="gaussian")
    for temperature in (0.2 * limit, 0.7 * limit):
        near, far = diagonal_density([1e5, 1e6], depth, temperature, inputs="gaussian")
        assert np.log10(near / far) == pytest.approx(2 + 3 * depth / (depth + 1), abs=1e-3)


def test_fluctuations_are_largest_near_the_published_temperatures():
    ratios = np.linspace(0.1, 0.9, 161)
    for depth, published in ((1, 0.50), (2, 0.42), (3, 0.32)):
        variances = [diagonal_moments(depth, 2 * r).variance for r in ratios]
        best = int(np.argmax(variances))
        assert ratios[best] == pytest.approx(published, abs=0.02)
        assert np.all(np.diff(variances[: best + 1]) > 0)
        assert np.all(np.diff(variances[best:]) < 0)
        # The published temperatures are rounded: the variance there is the largest all the same.
        there = diagonal_moments(depth, 2 * published).variance
        assert there == pytest.approx(variances[best], rel=1e-3)


def test_width_scales_a_chain():
    # At depth 1 width changes nothing; W chains of depth 0 have W times the temperature.
    v = np.array([0.3, 1.9])
    one = diagonal_density(v, 1, 0.4, 1.2, 0.9, "gaussian")
    np.testing.assert_allclose(diagonal_density(v, 1, 0.4, 1.2, 0.9, "gaussian", 5), one, rtol=1e-9)
    assert diagonal_moments(0, 0.1, width=3) == diagonal_moments(0, 0.1 * 3)
    assert diagonal_moments(2, 0.1, width=3) != pytest.approx(diagonal_moments(2, 0.1))


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_a_negative_slope_is_the_mirror_image(depth):
    v, rest = np.array([0.3, 1.9, -0.6]), (depth, 0.3)
    mirrored = diagonal_density(-v, *rest, slope=-1.4)
    np.testing.assert_array_equal(mirrored, diagonal_density(v, *rest, slope=1.4))
    np.testing.assert_allclose(
        diagonal_cdf(-v, *rest, slope=-1.4), 1 - diagonal_cdf(v, *rest, slope=1.4), atol=1e-15
    )
    np.testing.assert_allclose(
        diagonal_quantiles([0.2, 0.7], *rest, slope=-1.4),
        -diagonal_quantiles([0.8, 0.3], *rest, slope=1.4),
        rtol=1e-9,
    )
    assert diagonal_moments(*rest, slope=-1.4).mean == -diagonal_moments(*rest, slope=1.4).mean


def test_shapes_order_and_gaps_stay():
    v = np.array([[2.0, np.nan, -1.0], [0.5, 0.0, 1e-300]])
    found = diagonal_density(v, 2, 0.4)
    assert found.shape == (2, 3)
    assert np.isnan(found[0, 1])
    assert found[0, 2] == found[1, 1] == found[1, 2] == 0
    assert found[1, 0] == diagonal_density(0.5, 2, 0.4)
    below = diagonal_cdf(v, 2, 0.4)
    assert np.isnan(below[0, 1])
    assert below[0, 0] > below[1, 0] > below[0, 2] == 0


def test_the_critical_temperature():
    assert critical_temperature(1.5, 2.0) == pytest.approx(0.75)
    assert critical_temperature(-1.5, 2.0, "gaussian") == pytest.approx(3 / 8.5)


@pytest.mark.parametrize("inputs", ["rademacher", "gaussian"])
def test_above_the_critical_temperature_only_deeper_networks_have_a_density(inputs):
    limit = critical_temperature(1.5, 2.0, inputs)
    for ratio in (1.0, 1.2):
        with pytest.raises(ValueError, match=f"the critical temperature {limit:.6g}"):
            diagonal_moments(1, ratio * limit, 1.5, 2.0, inputs)
        assert 0 < diagonal_moments(2, ratio * limit, 1.5, 2.0, inputs).mean < 1.5
    assert diagonal_moments(1, 0.999 * limit, 1.5, 2.0, inputs).mean > 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"temperature": 0.0}, "temperature: found 0; it must be positive and finite"),
        ({"temperature": np.inf}, "temperature: found inf"),
        ({"label_noise": 0.0}, "label_noise: found 0; it must be positive"),
        ({"slope": 0.0}, "slope: found 0 at depth 2"),
        ({"slope": np.nan}, "slope: found nan"),
        ({"inputs": "uniform"}, "inputs: found 'uniform'; accepted: rademacher, gaussian"),
        ({"depth": -1}, "depth: found -1"),
        ({"depth": 1.5}, "depth: found 1.5"),
        ({"width": 0}, "width: found 0"),
    ],
)
def test_what_has_no_law_is_one_line(change, message):
    with pytest.raises(ValueError, match=message):
        diagonal_density(1.0, **({"depth": 2, "temperature": 0.1} | change))


def test_probabilities_lie_between_none_and_all():
    for wrong in (0.0, 1.0, np.nan):
        with pytest.raises(ValueError, match="probabilities: found"):
            diagonal_quantiles([0.5, wrong], 1, 0.1)
    assert diagonal_density(1.0, 0, 0.3, slope=0.0) > 0

"""Critical initialisations: the published table, closed forms, adaptive integration, wide networks."""

import numpy as np
import pytest
import torch
from scipy import integrate, special
from torch import nn

from example_geometry import perceptron
from gradnoise.geometry import (
    critical_initialisation,
    initialise,
    isometry_variance,
    jacobian_singular_values,
)

TABLE = {
    ("tanh", 1 / 64): (1.015164, 0.002157, 1.001689),
    ("tanh", 0.5): (1.299221, 0.195042, 1.299244),
    ("tanh", 1.0): (1.467414, 0.388542, 1.583480),
    ("hard_tanh", 1 / 64): (1.0, 0.0, 1.0),
    ("hard_tanh", 0.5): (1.089340, 0.244203, 1.186661),
    ("hard_tanh", 1.0): (1.210287, 0.494045, 1.464795),
}


@pytest.mark.parametrize(("activation", "q"), TABLE)
def test_the_table_of_critical_initialisations(activation: str, q: float) -> None:
    assert np.allclose(critical_initialisation(activation, q), TABLE[activation, q], atol=6e-7)


@pytest.mark.parametrize("q", [0.03, 2.0, 40.0, 3e4])
def test_hard_tanh_equals_its_closed_form(q: float) -> None:
    inside = special.erf(1 / np.sqrt(2 * q))
    square = (
        q * inside
        - np.sqrt(2 * q / np.pi) * np.exp(-1 / (2 * q))
        + special.erfc(1 / np.sqrt(2 * q))
    )
    expected = inside**-0.5, np.sqrt(q - square / inside), 1 / inside
    assert np.allclose(critical_initialisation("hard_tanh", q), expected, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("q", [1e-3, 0.5, 700.0])
def test_relu_is_critical_without_biases_at_any_variance(q: float) -> None:
    assert np.allclose(critical_initialisation("relu", q), (2**0.5, 0, 2), atol=1e-9)


def mean(function, q: float) -> float:
    """By adaptive integration."""
    density = lambda z: np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)  # noqa: E731
    integral = lambda z: function(q**0.5 * z) * density(z)  # noqa: E731
    return integrate.quad(integral, -12, 12, points=[0], limit=500, epsabs=1e-12)[0]


@pytest.mark.parametrize("q", [0.2, 9.0])
def test_a_function_of_ones_own_equals_adaptive_integration(q: float) -> None:
    def slope(h):
        return special.ndtr(h) + h * np.exp(-(h**2) / 2) / np.sqrt(2 * np.pi)

    square, mu1 = mean(lambda h: (h * special.ndtr(h)) ** 2, q), mean(lambda h: slope(h) ** 2, q)
    expected = mu1**-0.5, np.sqrt(q - square / mu1), mean(lambda h: slope(h) ** 4, q) / mu1**2
    found = critical_initialisation(nn.GELU(), q)
    assert np.allclose(found, expected, rtol=1e-9)
    of_arrays = critical_initialisation(lambda h: h * special.ndtr(np.asarray(h)), q)
    assert np.allclose(of_arrays, expected, rtol=1e-7)


@pytest.mark.parametrize(
    ("activation", "q", "message"),
    [
        ("tanh", 0.0, "q: found 0.0"),
        ("tanh", float("nan"), "q: found nan"),
        ("swish", 1.0, "found 'swish'; accepted: tanh, hard_tanh, relu"),
        (
            torch.sigmoid,
            1.0,
            r"sigmoid: no critical fixed point at q = 1: .* variance -5\.543\d*, .* = 6\.543",
        ),
        (torch.sign, 1.0, "sign: its slope is 0 at q = 1"),
        (lambda h: 1 / (0 * h), 1.0, "not finite"),
        (lambda h: "text", 1.0, "activation:"),
    ],
)
def test_what_has_no_critical_initialisation_is_one_line(activation, q, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        critical_initialisation(activation, q)
    assert "\n" not in str(caught.value)


def test_the_fixed_point_is_refused_just_below_a_bias_variance_of_zero_only() -> None:
    # x + c: s_w = 1, and E phi^2 = q + c^2 lacks c^2 of bias variance.
    assert critical_initialisation(lambda h: h + 1e-6, 1.0).bias_std == 0
    with pytest.raises(ValueError, match="biases of variance -1e-06, at least 0"):
        critical_initialisation(lambda h: h + 1e-3, 1.0)


def test_variances_of_the_jacobians_spectrum() -> None:
    dispersion = critical_initialisation("tanh", 1 / 64).dispersion
    assert abs(isometry_variance(dispersion, 16) - 0.0270) < 5e-5
    assert abs(isometry_variance(dispersion, 16, gaussian=True) - 16.03) < 5e-3
    for bad in ((0.99, 16), (1.2, 2.5)):
        with pytest.raises(ValueError, match="found"):
            isometry_variance(*bad)


@pytest.mark.parametrize("method", ["orthogonal", "gaussian"])
def test_wide_networks_have_the_predicted_spread_of_singular_values(method: str) -> None:
    model = perceptron([256] * 17, last=True).float()
    initialise(model, method, 1 / 64, seed=1)
    inputs = torch.randn(1, 256, generator=torch.Generator().manual_seed(0)) / 8
    # The input is the first preactivations' mean square only after one layer of weights.
    values = jacobian_singular_values(model, inputs)[0] ** 2
    dispersion = critical_initialisation("tanh", 1 / 64).dispersion
    expected = isometry_variance(dispersion, 16, gaussian=method == "gaussian")
    assert abs(values.mean() - 1) < 0.15
    assert abs(values.var() / values.mean() ** 2 / expected - 1) < 0.3


def test_derivatives_are_taken_whoever_turned_them_off() -> None:
    with torch.no_grad():
        assert critical_initialisation("tanh", 0.5).weight_std == pytest.approx(1.299221, abs=1e-6)

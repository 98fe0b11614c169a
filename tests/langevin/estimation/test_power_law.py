"""Power laws with errors in both, against published and independent fits."""

import numpy as np
import pytest
from scipy import odr, stats

from gradnoise.langevin.estimation.power_law import fit_line, power_law

# Pearson's data with York's weights, and their line: York et al. (2004), table II and section III.
X = np.array([0.0, 0.9, 1.8, 2.6, 3.3, 4.4, 5.2, 6.1, 6.5, 7.4])
Y = np.array([5.9, 5.4, 4.4, 4.6, 3.5, 3.7, 2.8, 2.8, 2.4, 1.5])
X_WEIGHTS = np.array([1000, 1000, 500, 800, 200, 80, 60, 20, 1.8, 1.0])
Y_WEIGHTS = np.array([1, 1.8, 4, 8, 20, 20, 70, 70, 100, 500.0])


def test_the_line_through_pearsons_data_is_yorks() -> None:
    line = fit_line(X, Y, 1 / X_WEIGHTS, 1 / Y_WEIGHTS)
    assert line.slope == pytest.approx(-0.480533407, abs=1e-8)
    assert line.intercept == pytest.approx(5.479910224, abs=1e-8)
    assert line.slope_error == pytest.approx(0.0579850090, rel=1e-6)
    assert line.chi_square == pytest.approx(11.8663531941, rel=1e-8)


def test_the_exponent_is_that_of_orthogonal_distance_regression() -> None:
    random, x = np.random.default_rng(0), np.geomspace(1, 100, 20)
    u = np.log(x) + 0.1 * random.standard_normal(20)
    v = np.log(2 * x**1.5) + 0.2 * random.standard_normal(20)
    data = odr.RealData(u, v, sx=0.1, sy=0.2)
    model = odr.Model(lambda beta, t: beta[0] * t + beta[1])
    expected = odr.ODR(data, model, beta0=[1.0, 0.0]).run()
    found = power_law(np.exp(u), np.exp(v), 0.1 * np.exp(u), 0.2 * np.exp(v))
    assert found.exponent == pytest.approx(expected.beta[0], rel=1e-6)
    assert np.log(found.prefactor) == pytest.approx(expected.beta[1], rel=1e-6)
    assert found.reduced_chi_square == pytest.approx(expected.res_var, rel=1e-6)


@pytest.mark.parametrize("x_error", [0.0, 0.1])
@pytest.mark.parametrize("given", [True, False])
def test_exponent_errors_cover_the_truth(x_error: float, given: bool) -> None:
    random, x = np.random.default_rng(0), np.geomspace(1, 100, 30)
    found = []
    for _ in range(200):
        seen = x * np.exp(x_error * random.standard_normal(30))
        y = 2 * x**1.5 * np.exp(0.1 * random.standard_normal(30))
        found.append(power_law(seen, y, x_error * seen, 0.1 * y) if given else power_law(seen, y))
    exponents = np.array([law.exponent for law in found])
    errors = np.array([law.exponent_error for law in found])
    bias = 0 if given else -1.5 * x_error**2 / np.log(x).var()  # errors in x flatten the slope
    assert exponents.mean() == pytest.approx(1.5 + bias, abs=0.01)
    assert exponents.std() == pytest.approx(errors.mean(), rel=0.2)


@pytest.mark.parametrize(
    ("x", "errors", "message"),
    [
        ([1.0, 2.0], {}, "three points"),
        ([1.0, 2.0, -3.0], {}, "positive finite values"),
        ([2.0, 2.0, 2.0], {}, "different x"),
        ([1.0, 2.0, 3.0], {"y_error": [0.1, 0.0, 0.1]}, "positive error in x or y"),
    ],
)
def test_invalid_input_is_named(x: list[float], errors: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        power_law(x, np.ones(len(x)), **errors)


def test_errors_are_widened_by_scatter_and_never_narrowed() -> None:
    x = np.geomspace(1, 50, 9)
    v = np.log(3.0) + 1.5 * np.log(x) + 0.05 * np.array([1, -1, 2, 0, -2, 1, 1, -1, -1.0])
    y = np.exp(v)
    for error, wide in ((0.2, False), (0.01, True)):
        line = fit_line(np.log(x), v, np.zeros(9), np.full(9, error**2))
        found = power_law(x, y, y_error=error * y)
        assert found.reduced_chi_square == pytest.approx(line.chi_square / 7)
        assert (found.reduced_chi_square > 1) is wide
        widening = np.sqrt(line.chi_square / 7) if wide else 1.0
        assert found.exponent_error == pytest.approx(line.slope_error * widening)
    # Without errors the scatter alone says it, as ordinary least squares has it.
    fitted = stats.linregress(np.log(x), v)
    assert power_law(x, y).exponent_error == pytest.approx(fitted.stderr)
    assert power_law(x, y).exponent == pytest.approx(fitted.slope)

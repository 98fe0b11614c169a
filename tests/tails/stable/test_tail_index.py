import math

import numpy as np
import pytest
from scipy.stats import levy_stable

from gradnoise.draws.streams import Stream, generator
from gradnoise.tails.stable.density import (
    LOWEST,
    RESOLUTION,
    SPACING,
    STRETCH,
    density,
    density_table,
    sample,
)
from gradnoise.tails.stable.estimators import METHODS, Method, maximum_likelihood, tail_index
from gradnoise.tails.stable.likelihood import interpolate, log_density_row

# Root mean square error of alpha: science.md 3.6, by (alpha, n) for mohammadi, mcculloch, ecf, ml.
ERRORS = {
    (1.2, 200): (0.20, 0.118, 0.123, 0.096),
    (1.5, 200): (0.25, 0.159, 0.125, 0.113),
    (1.8, 200): (0.23, 0.158, 0.103, 0.105),
    (2.0, 200): (0.23, 0.145, 0.033, 0.027),
    (1.5, 600): (0.17, 0.086, 0.073, 0.070),
    (1.8, 600): (0.17, 0.114, 0.061, 0.060),
    (2.0, 600): (0.157, 0.097, 0.015, 0.011),
}
ORDER: tuple[Method, ...] = ("mohammadi", "mcculloch", "ecf", "ml")


def series(alpha: float, shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    return sample(generator(seed, Stream.TAILS, "test"), alpha, shape)


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


def test_sampler_follows_the_law() -> None:
    t = np.array([0.3, 1.0, 2.0])
    for alpha in (0.7, 1.0, 1.5, 2.0):
        values = series(alpha, (200_000,))
        found = np.cos(t[:, None] * values).mean(axis=1)
        np.testing.assert_allclose(found, np.exp(-(t**alpha)), atol=0.008)
    with pytest.raises(ValueError, match=r"found 2.1; accepted: above 0"):
        sample(np.random.default_rng(0), 2.1, 3)


@pytest.mark.parametrize(("alpha", "n"), ERRORS)
@pytest.mark.parametrize("method", ["mohammadi", "mcculloch", "ecf"])
def test_error_and_bias(method: Method, alpha: float, n: int) -> None:
    found = tail_index(series(alpha, (4000, n)), method=method)
    error = math.sqrt(np.mean((found.alpha - alpha) ** 2))
    assert error <= 1.15 * ERRORS[alpha, n][ORDER.index(method)]
    assert error >= 0.8 * ERRORS[alpha, n][ORDER.index(method)]
    assert found.converged.mean() > 0.999
    if method == "ecf":
        assert abs(np.mean(found.alpha - alpha)) < 0.02


@pytest.mark.parametrize(("alpha", "n"), ERRORS)
def test_error_of_maximum_likelihood(alpha: float, n: int) -> None:
    found = maximum_likelihood(series(alpha, (500, n)))
    error = math.sqrt(np.mean((found.alpha - alpha) ** 2))
    assert error <= 1.15 * ERRORS[alpha, n][3]
    assert found.converged.all()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("alpha", [1.0, 1.6, 2.0])
def test_scale(method: Method, alpha: float) -> None:
    found = tail_index(3.0 * series(alpha, (400, 600)), method=method)
    assert np.median(found.scale) == pytest.approx(3.0, rel=0.03)


def test_samples_of_scipy_are_recognised() -> None:
    values = levy_stable.rvs(1.5, 0, size=(500, 600), random_state=1)
    for method in METHODS:
        assert np.mean(tail_index(values, method=method).alpha) == pytest.approx(1.5, abs=0.03)


def test_maximum_is_where_scipys_density_says() -> None:
    values = series(1.5, (300,))
    found = maximum_likelihood(values)

    def likelihood(alpha: float, scale: float) -> float:
        return np.log(levy_stable.pdf(values - np.median(values), alpha, 0, 0, scale)).sum()

    alpha, scale = float(found.alpha), float(found.scale)
    best = likelihood(alpha, scale)
    for other in ((alpha + 0.02, scale), (alpha - 0.02, scale), (alpha, 1.02 * scale)):
        assert likelihood(*other) < best
    squares = np.mean((values - np.median(values)) ** 2)
    gauss = -150 * (math.log(2 * math.pi * squares) + 1)
    assert found.log_likelihood_ratio == pytest.approx(best - gauss, abs=0.02)


def test_gaussians_land_on_the_bound_and_gain_nothing() -> None:
    values = series(2.0, (500, 200))
    found = maximum_likelihood(values)
    at_bound = found.alpha == 2
    assert at_bound.mean() == pytest.approx(0.82, abs=0.06)
    assert np.all(found.log_likelihood_ratio[at_bound] == 0)
    assert np.all(found.log_likelihood_ratio >= 0)
    centred = values - np.median(values, axis=1, keepdims=True)
    expected = np.sqrt(np.mean(centred**2, axis=1) / 2)
    np.testing.assert_allclose(found.scale[at_bound], expected[at_bound], rtol=1e-12)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_factor_changes_the_scale_only(method: Method, dtype: type) -> None:
    values = series(1.6, (40, 300)).astype(dtype)
    expected = tail_index(values, method=method)
    for factor in (1e-30, 1e-7, 1e30) if dtype == np.float32 else (1e-30, 1e30, 1e-200, 1e200):
        found = tail_index((values * dtype(factor)).astype(dtype), method=method)
        np.testing.assert_allclose(
            found.alpha, expected.alpha, atol=2e-3 if method == "ml" else 1e-5
        )
        np.testing.assert_allclose(found.scale / factor, expected.scale, rtol=2e-3)
        assert found.converged.all()


def test_subnormal_samples() -> None:
    values = (series(1.6, (40, 300)) * 1e-41).astype(np.float32)
    for method in METHODS:
        found = tail_index(values, method=method)
        expected = tail_index(values.astype(np.float64) * 1e41, method=method)
        np.testing.assert_allclose(found.alpha, expected.alpha, atol=2e-3)


@pytest.mark.parametrize("method", ["ecf", "mcculloch", "ml"])
def test_a_shift_changes_nothing(method: Method) -> None:
    values = series(1.6, (40, 300))
    found, expected = (tail_index(each, method=method).alpha for each in (values + 50, values))
    np.testing.assert_allclose(found, expected, atol=1e-3)


@pytest.mark.parametrize("method", METHODS)
def test_axis_and_kind_of_the_samples(method: Method) -> None:
    values = series(1.6, (3, 5, 100))
    expected = tail_index(values, method=method)
    assert expected.alpha.shape == (3, 5)
    for axis in (0, 1):
        found = tail_index(np.moveaxis(values, -1, axis), axis=axis, method=method)
        for one, two in zip(found, expected, strict=True):
            np.testing.assert_array_equal(one, two)
    single = tail_index(values[1, 2], method=method)
    assert single.alpha.shape == ()
    assert single.alpha == expected.alpha[1, 2]
    assert single.converged.dtype == np.bool_
    assert tail_index(np.empty((0, 50)), method=method).alpha.shape == (0,)


@pytest.mark.parametrize("method", METHODS)
def test_degenerate_series_have_no_index(method: Method) -> None:
    values = series(1.6, (4, 50))
    values[0], values[1, 3], values[2, 4] = -1e-5, np.nan, np.inf
    found = tail_index(values, method=method)
    assert found.converged.tolist() == [False, False, False, True]
    assert np.isnan(found.alpha[:3]).all()
    assert np.isnan(found.scale[:3]).all()


@pytest.mark.parametrize("method", METHODS)
def test_mostly_one_value(method: Method) -> None:
    values = series(2.0, (200,))
    values[40:] = 0.25
    found = tail_index(values, method=method)
    if method == "mohammadi":
        expected = tail_index(series(2.0, (200,))[:40], method=method)
        assert found == expected
    else:
        assert np.isnan(found.alpha)
        assert not found.converged


def test_block_estimator_is_its_formula() -> None:
    for n, length in ((395, 10), (615, 20)):
        values = series(1.3, (n,))
        kept = values[: n // length * length]
        blocks = kept.reshape(-1, length).sum(axis=1)
        inverse = (np.log(abs(blocks)).mean() - np.log(abs(kept)).mean()) / math.log(length)
        found = tail_index(values, method="mohammadi")
        assert found.alpha == pytest.approx(min(1 / inverse, 2), rel=1e-12)


def test_block_estimator_leaves_silent_batches_out() -> None:
    values = series(1.5, (600,))
    expected = tail_index(values, method="mohammadi")
    for silence in (0.0, -0.125):
        with_silence = np.insert(values, np.arange(0, 600, 10), silence)
        assert tail_index(with_silence, method="mohammadi") == expected
    # One value of a lattice is no silence, though it fills more than 5 %.
    lattice = np.round(series(2.0, (600,)) * 2) + 0.5
    assert tail_index(lattice, method="mohammadi").alpha != tail_index(
        lattice[lattice != 0.5], method="mohammadi"
    ).alpha  # fmt: skip


def test_quantile_ratio_of_the_exact_law() -> None:
    share = (np.arange(20_000) + 0.5) / 20_000
    quantiles = np.tan(np.pi * (share - 0.5))
    found = tail_index(quantiles, method="mcculloch")
    assert found.alpha == pytest.approx(1.0, abs=1e-3)
    assert found.scale == pytest.approx(1.0, abs=1e-3)


def test_lower_end_of_the_range_is_not_converged() -> None:
    values = series(0.25, (20, 600))
    for method in ("mcculloch", "ml"):
        found = tail_index(values, method=method)
        assert not found.converged.any()
        assert np.all(found.alpha < 0.51)
    assert np.mean(tail_index(values).alpha) == pytest.approx(0.25, abs=0.1)


def test_huge_outliers_leave_the_characteristic_function_bounded() -> None:
    values = series(1.8, (1000,))
    values[:3] = 1e12, -1e30, 1e200
    assert tail_index(values).alpha == pytest.approx(1.8, abs=0.15)


def test_threads_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    values = series(1.7, (1500, 100))
    for method in METHODS:
        monkeypatch.setenv("OMP_NUM_THREADS", "1")
        one = tail_index(values, method=method)
        monkeypatch.setenv("OMP_NUM_THREADS", "3")
        for a, b in zip(one, tail_index(values, method=method), strict=True):
            np.testing.assert_array_equal(a, b)


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(ValueError, match="found 'hill'; accepted: ecf, mcculloch, mohammadi, ml"):
        tail_index(np.zeros((2, 50)), method="hill")  # type: ignore[arg-type]
    for method in METHODS:
        with pytest.raises(ValueError, match="found 3 in a series; at least 4"):
            tail_index(np.zeros((2, 3)), method=method)

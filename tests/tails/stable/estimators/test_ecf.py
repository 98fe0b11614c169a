import numpy as np
import pytest

from example_stable import (
    CELLS,
    check_error,
    check_no_index_of_mostly_one_value,
    check_samples_of_scipy,
    check_scale,
    check_shift,
    series,
)
from gradnoise.tails.stable.index import tail_index

ERRORS = dict(zip(CELLS, (0.123, 0.125, 0.103, 0.033, 0.073, 0.061, 0.015), strict=True))


@pytest.mark.parametrize(("alpha", "n"), ERRORS)
def test_error_and_bias(alpha: float, n: int) -> None:
    assert abs(check_error("ecf", alpha, n, ERRORS[alpha, n])) < 0.02


def test_scale_and_location() -> None:
    check_scale("ecf")
    check_samples_of_scipy("ecf")
    check_shift("ecf")
    check_no_index_of_mostly_one_value("ecf")


def test_it_is_a_regression_on_the_characteristic_function() -> None:
    for values in series(1.4, (5, 151)):
        q28, median, q72 = np.quantile(values, [0.28, 0.5, 0.72])
        width = (q72 - q28) / 1.654
        t = 0.2 * np.arange(1, 6)
        phi = np.exp(1j * t[:, np.newaxis] * (values - median) / width).mean(axis=1)
        slope, intercept = np.polyfit(np.log(t), np.log(-np.log(np.abs(phi) ** 2)), 1)
        found = tail_index(values, method="ecf")
        assert found.alpha == pytest.approx(slope, rel=1e-9)
        scale = width * np.exp((intercept - np.log(2)) / slope)
        assert found.scale == pytest.approx(scale, rel=1e-9)


def test_there_is_no_lower_end() -> None:
    assert np.mean(tail_index(series(0.25, (20, 600))).alpha) == pytest.approx(0.25, abs=0.1)


def test_huge_outliers_leave_the_characteristic_function_bounded() -> None:
    values = series(1.8, (1000,))
    values[:3] = 1e12, -1e30, 1e200
    assert tail_index(values).alpha == pytest.approx(1.8, abs=0.15)

"""Centre and spread of sorted rows."""

import numpy as np
import pytest

from gradnoise.gaussianity.kernels import locate


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_location_of_a_row(dtype: type) -> None:
    rows = np.sort(np.random.default_rng(0).gamma(2, size=(20, 101)).astype(dtype) + 1000)
    before = rows.copy()
    found, exact = locate(rows), rows.astype(np.float64)
    np.testing.assert_array_equal(rows, before)
    np.testing.assert_array_equal(found.factor, 1)
    np.testing.assert_array_equal(found.median, np.median(exact, axis=1))
    np.testing.assert_array_equal(found.span, np.ptp(exact, axis=1))
    np.testing.assert_allclose(found.median + found.mean, exact.mean(axis=1), rtol=1e-14)
    np.testing.assert_allclose(found.squares, 101 * exact.var(axis=1), rtol=1e-9)


@pytest.mark.parametrize(("scale", "power"), [(1e-200, 600), (1e200, -600)])
def test_rows_beyond_the_range_of_squares_are_brought_to_its_middle(
    scale: float, power: int
) -> None:
    rows = np.sort(np.random.default_rng(0).standard_normal((5, 50)))
    found, plain = locate(scale * rows), locate(rows)
    np.testing.assert_array_equal(found.factor, 2.0**power)
    np.testing.assert_allclose(found.squares, plain.squares * (2.0**power * scale) ** 2, rtol=1e-12)


def test_rows_without_a_spread() -> None:
    found = locate(np.array([[2.0, 2.0, 2.0], [1.0, 2.0, np.nan], [-np.inf, 1.0, 2.0]]))
    assert found.span[0] == 0
    assert np.isnan(found.span[1:]).all()
    assert np.isnan(found.squares).all()

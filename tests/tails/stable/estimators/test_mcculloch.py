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

ERRORS = dict(zip(CELLS, (0.118, 0.159, 0.158, 0.145, 0.086, 0.114, 0.097), strict=True))


@pytest.mark.parametrize(("alpha", "n"), ERRORS)
def test_error(alpha: float, n: int) -> None:
    check_error("mcculloch", alpha, n, ERRORS[alpha, n])


def test_scale_and_location() -> None:
    check_scale("mcculloch")
    check_samples_of_scipy("mcculloch")
    check_shift("mcculloch")
    check_no_index_of_mostly_one_value("mcculloch")


def test_quantile_ratio_of_the_exact_law() -> None:
    share = (np.arange(20_000) + 0.5) / 20_000
    quantiles = np.tan(np.pi * (share - 0.5))
    found = tail_index(quantiles, method="mcculloch")
    assert found.alpha == pytest.approx(1.0, abs=1e-3)
    assert found.scale == pytest.approx(1.0, abs=1e-3)


def test_lower_end_of_the_range_is_not_converged() -> None:
    found = tail_index(series(0.25, (20, 600)), method="mcculloch")
    assert not found.converged.any()
    assert np.all(found.alpha < 0.51)

import numpy as np
import pytest

from gradnoise.tails.null import gaussian_null
from gradnoise.tails.stable.index import ESTIMATORS


def test_null_of_gaussian_series() -> None:
    null = gaussian_null(200, ("ecf", "mcculloch", "ml"), seed=3, series=3000)
    assert null.alpha["ecf"].mean() == pytest.approx(1.983, abs=0.003)
    assert null.alpha["mcculloch"].mean() == pytest.approx(1.916, abs=0.01)
    assert null.alpha["ml"].size == 1000
    # What a test on the tail rejects has a lower index, though all are Gaussian.
    assert null.rejected["ecf"].size == pytest.approx(150, abs=40)
    assert null.rejected["ecf"].mean() < null.alpha["ecf"].mean() - 0.03
    again = gaussian_null(200, ("ecf",), seed=3, series=3000)
    np.testing.assert_array_equal(null.alpha["ecf"], again.alpha["ecf"])


def test_every_method_has_the_null_of_its_own_estimator() -> None:
    null = gaussian_null(60, tuple(ESTIMATORS), seed=0, series=40)
    for method in ESTIMATORS:
        assert null.alpha[method].size <= 40
        again = gaussian_null(60, (method,), seed=0, series=40)
        np.testing.assert_array_equal(null.alpha[method], again.alpha[method])


def test_blocks_of_series_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradnoise.tails.null.ROWS_BYTES", 4 * 60 * 20)
    alpha = gaussian_null(60, ("ecf",), seed=0, series=60).alpha["ecf"]
    assert alpha.size == 60
    assert np.unique(alpha[alpha < 2]).size == np.sum(alpha < 2) > 5

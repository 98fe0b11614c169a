import numpy as np
import pytest

from gradnoise.related.studies.exact.generalised_sign_sgd import (
    arrival,
    descend,
    final_distance,
    run,
    skewed,
)
from gradnoise.related.study import Settings


def test_signs_arrive_after_the_distance_over_the_rate() -> None:
    steps, band = arrival(5.0, 0.01, 0.0)
    assert steps == pytest.approx(498, abs=1)  # two rates before the minimum
    assert band <= 2


def test_gradient_descent_diverges_from_afar_and_crawls_near_the_minimum() -> None:
    assert descend(10.0, 0.01, 20)[-1] > 1e6
    assert descend(10.0, 0.01, 20)[1] == pytest.approx(0.01 * np.sinh(10) - 10)
    near = descend(0.5, 0.01, 498)
    assert np.all(np.diff(near) < 0)
    assert near[-1] > 0.5 * 0.99**498 * 0.9


def test_momentum_overshoots_what_plain_signs_do_not() -> None:
    assert arrival(10.0, 0.01, 0.9)[1] > 2 * arrival(10.0, 0.01, 0.0)[1]


def test_skewed_noise_has_mean_0_and_variance_1() -> None:
    values = skewed(np.random.default_rng(1), (200_000,))
    assert values.mean() == pytest.approx(0, abs=0.01)
    assert values.var() == pytest.approx(1, abs=0.01)
    assert np.median(values) == pytest.approx(-0.5)


def test_plain_signs_settle_where_the_median_is_0() -> None:
    settings = Settings(seed=1, repeats=6)
    plain = final_distance(settings, 0.0, "skewed")
    assert plain.mean() == pytest.approx(np.arcsinh(0.5), rel=0.03)
    assert final_distance(settings, 0.9, "skewed").max() < 0.5 * plain.min()
    symmetric = final_distance(settings, 0.0, "Gaussian")
    assert final_distance(settings, 0.9, "Gaussian").min() > symmetric.max()


def test_momentum_helps_under_skewed_noise_and_hurts_under_symmetric_noise() -> None:
    *others, skewed_noise, gaussian = run(Settings(seed=2)).rows
    for row in (*others, skewed_noise):
        assert row.least < row.measured < row.most, row
    assert skewed_noise.measured < 0.4
    assert gaussian.most == 1
    assert gaussian.measured - 4 * gaussian.error > 1.5

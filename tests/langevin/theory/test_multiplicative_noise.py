"""Linear regression, whose noise grows with the distance."""

import numpy as np
import pytest

from gradnoise.langevin.theory.multiplicative_noise import (
    kesten_tail_index,
    multiplicative_variance,
)


def test_multiplicative_noise_has_the_known_variance_and_diverges_before_the_mean() -> None:
    assert multiplicative_variance(0.5, 8) == pytest.approx(0.04545455, rel=1e-6)
    assert np.isinf(multiplicative_variance(2 / (1 + 2 / 8), 8))
    random = np.random.default_rng(5)
    position = np.zeros(100_000)
    for _ in range(40):
        inputs = random.standard_normal((len(position), 8))
        labels = random.standard_normal((len(position), 8))
        position = position - 0.5 * np.mean(inputs * (inputs * position[:, None] - labels), axis=1)
    assert np.mean(position**2) == pytest.approx(0.04545455, rel=0.02)


@pytest.mark.parametrize(
    ("rate", "index", "tolerance"),
    [
        (2 / 3, 2.0, 1e-3),
        (0.5, 2.9040, 1e-3),
        (0.3, 5.31, 0.01),
        (0.1, 17.3, 0.05),
        (1.0, 1.09, 0.01),
    ],
)
def test_known_kesten_tail_indices(rate: float, index: float, tolerance: float) -> None:
    assert kesten_tail_index(1, rate) == pytest.approx(index, abs=tolerance)


def test_kesten_index_is_two_where_the_variance_diverges() -> None:
    for batch_size in (1, 2, 5, 16):
        assert kesten_tail_index(batch_size, 2 / (1 + 2 / batch_size)) == pytest.approx(2, abs=1e-6)
    with pytest.raises(ValueError, match="no stationary law"):
        kesten_tail_index(1, 10.0)

import math

import numpy as np
import pytest

from gradnoise.tails.pooled import pooled_mohammadi, pooled_null, predicted_pooled
from gradnoise.tails.stable.index import tail_index


@pytest.mark.parametrize(("spread", "expected"), [(0, 2.0), (0.5, 1.88), (1, 1.58), (2, 1.0)])
def test_pooling_unequal_scales_fakes_heavy_tails(spread: float, expected: float) -> None:
    random = np.random.default_rng(1)
    scales = np.exp(spread * random.standard_normal(4000))
    noise = random.standard_normal((600, 4000)) * scales
    found = pooled_mohammadi(noise)
    assert found.alpha == pytest.approx(expected, abs=0.05)
    assert found.predicted == pytest.approx(found.alpha, abs=0.06)
    assert found.block == math.isqrt(600 * 4000)
    # Coordinate by coordinate the same noise is Gaussian.
    inverse = 1 / tail_index(noise[:, :500], axis=0).alpha
    assert 1 / inverse.mean() == pytest.approx(1.99, abs=0.01)


def test_pooled_index_of_the_known_answer() -> None:
    random = np.random.default_rng(0)
    values = np.exp(0.5 * random.standard_normal(4_000_000)) * random.standard_normal(4_000_000)
    assert pooled_mohammadi(values, 100).alpha == pytest.approx(1.811, abs=0.02)
    scales = np.exp(0.5 * random.standard_normal(1_000_000))
    assert predicted_pooled(scales, 100) == pytest.approx(1.804, abs=0.002)


def test_pooled_null_knows_the_scales() -> None:
    random = np.random.default_rng(2)
    scales = np.exp(random.standard_normal(1000))
    found = pooled_null(scales, 600, 800, random)
    assert found == pytest.approx(predicted_pooled(scales, 800), abs=0.05)
    assert found < 1.7


def test_pooled_index_drops_zeros_and_is_indifferent_to_a_factor() -> None:
    values = np.random.default_rng(3).standard_cauchy((100, 50))
    with_zeros = np.insert(values, 7, 0.0, axis=1)
    found = pooled_mohammadi(with_zeros, 20)
    assert found.dropped == 100
    assert found.alpha == pooled_mohammadi(values, 20).alpha
    assert found.alpha == pytest.approx(1.0, abs=0.15)
    assert pooled_mohammadi(1e-30 * values, 20).alpha == pytest.approx(found.alpha, rel=1e-9)
    assert math.isnan(pooled_mohammadi(np.zeros((5, 5))).alpha)
    assert math.isnan(pooled_mohammadi(values[0]).predicted)
    with pytest.raises(ValueError, match="found 1; at least 2"):
        pooled_mohammadi(values, 1)


def test_the_pooled_index_and_its_prediction_are_their_formulas() -> None:
    """101 values in 14 blocks of 7, the last three left over; one value and one block are exactly zero."""
    values = np.random.default_rng(5).standard_normal((4, 26)) * np.linspace(0.2, 3, 26)
    values[1, 5] = 0.0
    flat = values.ravel()[values.ravel() != 0][:98]
    flat_sums = flat.reshape(14, 7).sum(axis=1)
    inverse = (np.log(abs(flat_sums)).mean() - np.log(abs(flat)).mean()) / math.log(7)
    found = pooled_mohammadi(values, 7)
    assert found.alpha == pytest.approx(1 / max(inverse, 0.5))
    scales = values.std(axis=0)
    excess = np.log(np.mean(scales**2)) / 2 - np.mean(np.log(scales))
    assert found.predicted == pytest.approx(1 / (0.5 + excess / math.log(7)))
    assert (found.block, found.dropped) == (7, 1)
    silent = np.array([1.0, -1.0, 2.0, 1.0, 4.0, -1.0])
    logs = np.log([3.0, 3.0]).mean() - np.log(abs(silent)).mean()
    assert pooled_mohammadi(silent, 2).alpha == pytest.approx(1 / max(logs / math.log(2), 0.5))


def test_the_pooled_null_is_of_all_batches_whatever_fits_the_memory(monkeypatch) -> None:
    scales = np.array([0.3, 0.0, 1.0, 4.0])
    whole = np.random.default_rng(1).standard_normal((50, 3)) * scales[scales > 0]
    expected = pooled_mohammadi(whole, 10).alpha
    found = pooled_null(scales, 50, 10, np.random.default_rng(1))
    assert found == pytest.approx(expected)
    assert math.isnan(pooled_null(np.zeros(3), 50, 10, np.random.default_rng(1)))
    # Ten batches at a time, 30 values, are whole blocks.
    monkeypatch.setattr("gradnoise.tails.pooled.BLOCK_VALUES", 30)
    assert pooled_null(scales, 50, 10, np.random.default_rng(1)) == pytest.approx(expected)

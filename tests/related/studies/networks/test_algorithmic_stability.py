import numpy as np
import pytest

from gradnoise.related.studies.networks.algorithmic_stability import (
    EVERY,
    RATES,
    SWAPS,
    TEST,
    exponents,
    rank_correlation,
    run,
    train,
)
from gradnoise.related.study import Settings

BRIEF = Settings(seed=2, repeats=2, length=0.002)


def test_networks_on_changed_sets_start_alike_and_part_by_one_sample() -> None:
    on_test, on_train, path = train(BRIEF, 0, 200)
    assert on_test.shape == (len(RATES), 1 + SWAPS, TEST)
    assert on_train.shape == (100 // EVERY, len(RATES))
    assert path.shape[:2] == (100 // EVERY, len(RATES))
    apart = np.abs(on_test[:, 1:] - on_test[:, :1]).max(axis=2)
    # A set whose changed sample was in no batch gives the same network; 2,000 draws of 200 leave out few.
    assert (apart > 0).mean() > 0.9
    assert np.median(apart) < 0.5 * on_test.mean()


def test_exponents_of_random_walks_are_1_and_of_noise_0() -> None:
    random = np.random.default_rng(3)
    steps = random.standard_normal((1200, 2, 50))
    path = np.stack([np.cumsum(steps[:, 0], axis=0), steps[:, 1]], axis=1)
    assert exponents(path) == pytest.approx([1, 0], abs=0.05)


def test_rank_correlation_is_spearman_s() -> None:
    assert rank_correlation(np.array([1.0, 5, 2, 9]), np.array([7.0, 8, 7.5, 80])) == pytest.approx(
        1
    )
    assert rank_correlation(np.array([1.0, 5, 2]), np.array([3.0, 1, 2])) == pytest.approx(-1)


def test_a_correlation_above_three_tenths_and_averages_within_a_hundredth_are_claimed() -> None:
    found = run(BRIEF)
    correlation, *others = found.rows
    assert correlation.least == 0.3
    pairs = zip(found.arrays["stability"], found.arrays["gap"], strict=True)
    assert correlation.measured == pytest.approx(
        np.mean([rank_correlation(*pair) for pair in pairs])
    )
    settled = [row for row in others if row.quantity.startswith("relative change")]
    assert [row.most for row in settled] == [0.01] * len(RATES)

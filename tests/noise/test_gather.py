"""Means gathered from rows against plain means of the same rows."""

import numpy as np
import pytest

from gradnoise.draws.batches import Draws
from gradnoise.draws.pieces import cut
from gradnoise.noise.gather import SAMPLES, gather_means, gather_noise, plan

SAMPLINGS = ("with_replacement", "epoch_shuffle")


@pytest.mark.parametrize("count", [101, 2 * SAMPLES, 2 * SAMPLES + 3])
@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_gathered_means_are_means_of_the_drawn_rows(sampling, count):
    gradients = np.random.default_rng(0).standard_normal((count, 70)).astype(np.float32)
    draws, sizes = Draws(1, 2, sampling, count), (1, 3, 16, 48, 100)
    pieces = cut(draws, sizes, 25)
    means = gather_means(gradients, draws, pieces)
    for row, size in enumerate(sizes):
        expected = gradients[draws.batches(size, 0, 25)].mean(axis=1, dtype=np.float64)
        assert np.abs(means[row] - expected).max() < 1e-7


def test_gathered_bits_depend_on_neither_threads_nor_neighbouring_columns():
    gradients = np.random.default_rng(0).standard_normal((200, 100)).astype(np.float32)
    draws = Draws(0, 0, "with_replacement", 200)
    pieces = cut(draws, (16, 64), 30)
    how, full = plan(draws, pieces), gradients.mean(axis=0, dtype=np.float64)
    noise = gather_noise(gradients, full, how, threads=1)
    assert np.array_equal(noise, gather_noise(gradients, full, how, threads=3))
    part = gather_noise(gradients[:, 37:51], full[37:51], how)
    assert np.array_equal(noise[:, :, 37:51], part)


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_draws_are_sorted_some_at_a_time_to_the_same_plan(sampling, monkeypatch):
    draws = Draws(3, 1, sampling, 2 * SAMPLES + 3)
    pieces = cut(draws, (3, 16, 700), 25)
    whole = plan(draws, pieces)
    monkeypatch.setattr("gradnoise.noise.gather.DRAWS", 50)  # less than the longest pieces
    parts = plan(draws, pieces)
    assert (pieces.stop - pieces.start).max() > 50
    assert np.array_equal(parts.rows, whole.rows)
    assert np.array_equal(parts.bounds, whole.bounds)


def test_gathered_sums_keep_what_float32_would_lose():
    # A million and one half: the mean of (1e6, -1e6, 0.5, 0.5) is 0.25 only when summed exactly.
    gradients = np.array([[1e8], [-1e8], [0.5], [0.5]], np.float32)
    draws = Draws(0, 0, "epoch_shuffle", 4)
    means = gather_means(gradients, draws, cut(draws, (4,), 5))
    assert np.array_equal(means, np.full((1, 5, 1), 0.25, np.float32))

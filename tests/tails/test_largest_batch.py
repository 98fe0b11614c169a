"""Batches of as many draws as there are samples, by a matrix product."""

import numpy as np
import pytest
from scipy import stats

from gradnoise.draws.streams import Stream, generator
from gradnoise.gaussianity.normality import describe
from gradnoise.tails import largest_batch
from gradnoise.tails.columns import rows_of
from gradnoise.tails.largest_batch import beside_null, largest_batch_rows, noise_of_all
from gradnoise.tails.null import Null, gaussian_null
from gradnoise.tails.stable.index import tail_index

N, BATCHES = 500, 200


@pytest.fixture(scope="module")
def gradients() -> np.ndarray:
    random = np.random.default_rng(0)
    values = random.standard_t(2.2, (N, 6)) * [1e-30, 1e-3, 1.0, 50.0, 1e20, 1.0] + [
        0,
        2,
        0,
        0,
        0,
        0,
    ]
    values[:, 5] = 0.25
    return values.astype(np.float32)


def compared(gradients: np.ndarray, repeats: list[int], seed: int, null: Null) -> np.ndarray:
    rows = rows_of("largest", largest_batch_rows(gradients, BATCHES, repeats, seed))
    return beside_null(rows, null)


def test_noise_is_that_of_the_means_of_the_drawn_samples(
    gradients: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(largest_batch, "ROWS_BYTES", 4 * N * 30)
    found = noise_of_all(gradients, BATCHES, np.random.default_rng(4))
    drawn = np.random.default_rng(4).integers(0, N, (BATCHES, N))
    values = gradients[:, :5].astype(np.float64)
    means = values[drawn].mean(axis=1) - values.mean(axis=0)
    expected = means / (values.std(axis=0) / np.sqrt(N))
    np.testing.assert_allclose(found[:, :5], expected, atol=2e-5)
    assert not found[:, 5].any()
    assert found[:, :5].std(axis=0) == pytest.approx(np.ones(5), abs=0.15)


def test_of_many_samples_some_are_in_memory_at_a_time_and_the_law_is_the_same(
    gradients: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(largest_batch, "SAMPLES", 192)  # of 500: 192, 192, 116
    asked: list[slice] = []

    class Read:
        shape = gradients.shape

        def __getitem__(self, selection: tuple[slice, slice]) -> np.ndarray:
            asked.append(selection[0])
            return gradients[selection]

    found = noise_of_all(Read(), 6000, np.random.default_rng(4))[:, :5]
    assert [part for part in asked if part != slice(None)] == [
        *(slice(0, 192), slice(192, 384), slice(384, 500))
    ]
    # Of variance 1, and correlated as the gradients are, though the counts of all blocks add up to 500.
    values = gradients[:, :5].astype(np.float64)
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=0.05)
    np.testing.assert_allclose(np.cov(found.T), np.corrcoef(values.T), atol=0.06)
    # A sample's count is binomial wherever its block lies, and what one block lacks another has.
    spikes = np.zeros((N, 3), np.float32)
    spikes[[7, 300, 499], [0, 1, 2]] = 1.0
    counts = noise_of_all(spikes, 6000, np.random.default_rng(5)) * np.sqrt(1 - 1 / N) + 1
    assert counts.mean(axis=0) == pytest.approx(np.ones(3), abs=0.05)
    assert counts.var(axis=0) == pytest.approx(np.full(3, 1 - 1 / N), abs=0.08)
    halves = np.ones((N, 1), np.float32) * (np.arange(N) < 192)[:, None]
    share = noise_of_all(halves, 6000, np.random.default_rng(6))[:, 0]
    assert share.var() == pytest.approx(1, abs=0.08)


def test_one_spike_makes_the_noise_a_poisson_law() -> None:
    spike = np.zeros((N, 1), np.float32)
    spike[7] = 3.0
    noise = noise_of_all(spike, 4000, np.random.default_rng(1))[:, 0]
    counts = np.round(noise / np.sqrt(1 - 1 / N) + 1)
    np.testing.assert_allclose(noise, (counts - 1) / np.sqrt(1 - 1 / N), atol=1e-5)
    shares = np.bincount(counts.astype(int), minlength=4)[:4] / 4000
    np.testing.assert_allclose(shares, stats.poisson.pmf(np.arange(4), 1), atol=0.03)


def test_rows_are_of_live_coordinates_with_draws_of_their_own(gradients: np.ndarray) -> None:
    null = gaussian_null(BATCHES, ("ecf",), seed=0, series=500)
    values = np.concatenate([gradients, np.eye(N, 1, dtype=np.float32)], axis=1)
    rows = compared(values, [1, 4], 9, null)
    assert [row["repeat"] for row in rows] == [1, 4]
    assert rows[0]["alpha_mean"] != rows[1]["alpha_mean"]
    for row in rows:
        noise = noise_of_all(
            values, BATCHES, generator(9, Stream.TAILS, "all samples", row["repeat"])
        )
        live = describe(noise, axis=0)["class"] == 0
        assert live.tolist() == [True] * 5 + [False] * 2  # a constant, and a lattice of few values
        alpha = tail_index(noise[:, :5], axis=0).alpha
        assert (row["batch_size"], row["live"], row["share_converged"]) == (N, 5, 1.0)
        assert row["alpha_mean"] == pytest.approx(alpha.mean())
        assert row["null_minus_mean"] == row["null_mean"] - row["alpha_mean"]
        assert row["null_mean"] == pytest.approx(1.983, abs=0.005)


def test_the_index_goes_to_that_of_gaussian_noise_where_samples_are_many() -> None:
    null = gaussian_null(BATCHES, ("ecf",), seed=0, series=2000)
    light = np.random.default_rng(2).exponential(1, (4000, 40)).astype(np.float32)
    heavy = np.random.default_rng(2).standard_t(1.1, (4000, 40)).astype(np.float32)
    (first,) = compared(light, [1], 0, null)
    (second,) = compared(heavy, [1], 0, null)
    assert abs(first["null_minus_mean"]) < 0.01
    assert second["null_minus_mean"] > 0.02


def test_a_dead_layer_has_no_index() -> None:
    null = gaussian_null(BATCHES, ("ecf",), seed=0, series=50)
    (row,) = compared(np.zeros((N, 2), np.float32), [1], 0, null)
    assert row["live"] == 0
    assert np.isnan([row["alpha_mean"], row["null_minus_mean"], row["share_converged"]]).all()

"""Mini-batches against their definition and against the theory of sampling from a finite population."""

import numpy as np
import pytest

from gradnoise.draws.batches import BLOCK, Draws
from gradnoise.draws.streams import Stream, generator

SAMPLINGS = ("with_replacement", "epoch_shuffle")


def test_batches_with_replacement_are_consecutive_stretches_of_one_stream():
    draws = Draws(7, 1, "with_replacement", 10)
    stream = generator(7, Stream.DRAWS, 1, "with_replacement", 0).integers(0, 10, BLOCK)
    assert np.array_equal(draws.batches(3, 0, 5), stream[:15].reshape(5, 3))
    assert np.array_equal(draws.batches(7, 2, 3)[0], stream[14:21])


def test_epoch_shuffle_drops_the_remainder_of_each_permutation():
    draws = Draws(7, 1, "epoch_shuffle", 10)
    permutations = [
        generator(7, Stream.DRAWS, 1, "epoch_shuffle", epoch).permutation(10) for epoch in (0, 1)
    ]
    # 10 = 3 * 3 + 1: batch 3 begins the second permutation.
    expected = [*permutations[0][:9].reshape(3, 3), *permutations[1][:9].reshape(3, 3)]
    assert np.array_equal(draws.batches(3, 0, 6), expected)


@pytest.mark.parametrize(
    ("sampling", "expected"),
    [
        ("with_replacement", [[6, 5, 7], [4, 2, 2], [6, 5, 7], [0, 0, 6], [4, 4, 2]]),
        ("epoch_shuffle", [[2, 0, 3], [4, 5, 1], [8, 9, 7], [5, 8, 0], [3, 1, 9]]),
    ],
)
def test_published_streams_never_change(sampling, expected):
    assert Draws(7, 1, sampling, 10).batches(3, 0, 5).tolist() == expected


def test_epoch_shuffle_with_batches_of_all_samples_gives_permutations():
    batches = Draws(3, 0, "epoch_shuffle", 11).batches(11, 0, 4)
    assert np.array_equal(np.sort(batches, axis=1), np.tile(np.arange(11), (4, 1)))
    assert len({tuple(batch) for batch in batches}) == 4


@pytest.mark.parametrize("sampling", SAMPLINGS)
@pytest.mark.parametrize("size", [1, 3, 64, 100])
def test_more_batches_change_no_earlier_batch(sampling, size):
    few = Draws(5, 2, sampling, 100).batches(size, 0, 7)
    many = Draws(5, 2, sampling, 100).batches(size, 0, 50)
    assert np.array_equal(few, many[:7])


def test_batches_across_blocks_of_the_stream_do_not_depend_on_what_was_asked_before():
    size = 1000
    first = BLOCK // size - 1
    draws = Draws(1, 1, "with_replacement", 50)
    expected = draws.batches(size, 0, first + 3)[first:]
    assert np.array_equal(
        Draws(1, 1, "with_replacement", 50).batches(size, first, first + 3), expected
    )


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_sizes_that_divide_each_other_nest(sampling):
    draws = Draws(2, 4, sampling, 64)  # 64 is a multiple of both, so that no remainder is dropped
    small, large = draws.batches(8, 0, 40), draws.batches(32, 0, 10)
    assert np.array_equal(large, small.reshape(10, 32))


def test_sizes_nest_inside_a_permutation_where_they_do_not_divide_the_samples():
    draws = Draws(2, 4, "epoch_shuffle", 70)
    small, large = draws.batches(8, 0, 16), draws.batches(32, 0, 4)
    # 70 = 8 * 8 + 6 = 2 * 32 + 6: eight small ones and two large ones an epoch.
    assert np.array_equal(large, small.reshape(4, 32))
    uneven = draws.batches(24, 0, 4)  # 70 = 2 * 24 + 22: two an epoch, six of the eight small ones
    assert np.array_equal(uneven[:2], small[:6].reshape(2, 24))
    assert np.array_equal(uneven[2:], small[8:14].reshape(2, 24))


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_repeats_seeds_and_schemes_draw_different_batches(sampling):
    def drawn(seed, repeat):
        return Draws(seed, repeat, sampling, 1000).batches(50, 0, 4)

    others = [drawn(0, 1), drawn(1, 0)]
    assert not any(np.array_equal(drawn(0, 0), other) for other in others)


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_every_purpose_draws_batches_of_its_own(sampling):
    purposes = (Stream.DRAWS, Stream.HELD_OUT, Stream.TRAJECTORY, Stream.CONTROL)
    drawn = {Draws(0, 1, sampling, 1000, stream).batches(20, 0, 3).tobytes() for stream in purposes}
    assert len(drawn) == len(purposes)


def test_every_block_of_the_endless_stream_is_drawn_anew():
    draws = Draws(1, 1, "with_replacement", 1000)
    first, second = (draws.positions(0, start, start + 50) for start in (0, BLOCK))
    assert not np.array_equal(first, second)


def test_variance_and_correlation_of_batch_means_are_those_of_a_finite_population():
    # N = 12, B = 3: variance factor (N - B) / (N - 1) = 9/11 and correlation -B / (N - B) = -1/3.
    population, size = np.random.default_rng(0).standard_normal(12), 3
    means = population[Draws(0, 0, "epoch_shuffle", 12).batches(size, 0, 40_000)].mean(axis=1)
    epochs = means.reshape(-1, 4)
    factor = means.var() / (population.var() / size)
    correlation = np.corrcoef(epochs[:, 0], epochs[:, 1])[0, 1]
    assert factor == pytest.approx(9 / 11, rel=0.02)
    assert correlation == pytest.approx(-1 / 3, abs=0.02)
    # The batches of an epoch make up the population.
    assert np.allclose(epochs.mean(axis=1), population.mean())


def test_batch_means_where_the_size_does_not_divide_the_samples():
    # N = 13, B = 4: one sample an epoch is dropped; factor 9/12, correlation -4/9.
    population, size = np.random.default_rng(1).standard_normal(13), 4
    means = population[Draws(0, 1, "epoch_shuffle", 13).batches(size, 0, 60_000)].mean(axis=1)
    epochs = means.reshape(-1, 3)
    assert means.var() / (population.var() / size) == pytest.approx(9 / 12, rel=0.02)
    assert np.corrcoef(epochs[:, 0], epochs[:, 2])[0, 1] == pytest.approx(-4 / 9, abs=0.02)
    assert np.corrcoef(epochs[:-1, 2], epochs[1:, 0])[0, 1] == pytest.approx(0, abs=0.03)


def test_independent_batches_have_the_variance_of_a_mean():
    population, size = np.random.default_rng(2).standard_normal(12), 3
    means = population[Draws(0, 0, "with_replacement", 12).batches(size, 0, 40_000)].mean(axis=1)
    assert means.var() / (population.var() / size) == pytest.approx(1, rel=0.02)
    assert np.corrcoef(means[:-1], means[1:])[0, 1] == pytest.approx(0, abs=0.015)


def test_impossible_draws_are_refused():
    with pytest.raises(ValueError, match="'shuffle'; accepted"):
        Draws(0, 0, "shuffle", 10)
    with pytest.raises(ValueError, match="sample_count: found 0"):
        Draws(0, 0, "with_replacement", 0)
    with pytest.raises(ValueError, match="at most the 10 samples"):
        Draws(0, 0, "epoch_shuffle", 10).batches(11, 0, 1)
    with pytest.raises(ValueError, match="batch_size: found 0"):
        Draws(0, 0, "with_replacement", 10).batches(0, 0, 1)
